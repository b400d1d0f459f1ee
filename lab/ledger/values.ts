import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import type { Encoded } from './message.js';

/** What values are written with. Both refer to another schema, which has a subject of its own. */
export type ValueFormat = 'avro' | 'protobuf';

/** The subjects of a producer's values. */
export interface ValueSubjects {
  value: string;
  /** Of the part that values refer to. */
  origin: string;
}

/** A value as its producer made it: what the ledger's JSON holds. */
interface Body {
  id: string;
  producer: string;
  key: string;
  sequence: number;
  sentAt: number;
  fill: string;
}

const avroOrigin = {
  type: 'record',
  name: 'Origin',
  namespace: 'ledger',
  fields: [
    { name: 'producer', type: 'string' },
    { name: 'sentAt', type: 'double' },
  ],
};
const avroMessage = {
  type: 'record',
  name: 'Message',
  namespace: 'ledger',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'key', type: 'string' },
    { name: 'sequence', type: 'int' },
    { name: 'fill', type: 'string' },
    { name: 'origin', type: 'ledger.Origin' },
  ],
};
const protoOrigin = `syntax = "proto3";
package ledger;
message Origin {
  string producer = 1;
  double sent_at = 2;
}
`;
/** Written as by hand, in no order that a registry would choose. */
const protoMessage = `// How the ledger's batch writes.
syntax = "proto3";

import "ledger/origin.proto";

package ledger;

message Message {
  enum Kind { UNKNOWN = 0; WRITTEN = 0x1; }
  ledger.Origin origin = 0x5;
  message Note { string text = 1; }
  string fill = 4;
  int32 sequence = 3; // of its producer
  reserved 6 to 9, "old" 'er';
  string key = 2;
  string id = 1;
}

enum Shade { PLAIN = 0x0; }
`;

/** Registers the schemas of a producer's values, as a serializer does when it starts, and writes values with them. */
export class ValueWriter {
  private constructor(
    private readonly registry: SchemaRegistry,
    private readonly id: number,
    private readonly format: ValueFormat,
  ) {}

  /** @throws Error what the registry refused. */
  static async open(url: string, format: ValueFormat, subjects: ValueSubjects): Promise<ValueWriter> {
    const registry = new SchemaRegistry({ host: url });
    const avro = format === 'avro';
    const type = avro ? SchemaType.AVRO : SchemaType.PROTOBUF;
    await registry.register(
      { type, schema: avro ? JSON.stringify(avroOrigin) : protoOrigin },
      { subject: subjects.origin },
    );
    const { id } = await registry.register(
      {
        type,
        schema: avro ? JSON.stringify(avroMessage) : protoMessage,
        references: [
          { name: avro ? 'ledger.Origin' : 'ledger/origin.proto', subject: subjects.origin, version: 1 },
        ],
      },
      { subject: subjects.value },
    );
    return new ValueWriter(registry, id, format);
  }

  async write(message: Encoded): Promise<Omit<Encoded, 'value'> & { value: Buffer }> {
    const { id, producer, key, sequence, sentAt, fill } = JSON.parse(message.value) as Body;
    const origin = this.format === 'avro' ? { producer, sentAt } : { producer, sent_at: sentAt, sentAt };
    return { ...message, value: await this.registry.encode(this.id, { id, key, sequence, fill, origin }) };
  }
}

/** Reads values by the ids that they carry. */
export class ValueReader {
  private readonly registry: SchemaRegistry;

  constructor(url: string) {
    this.registry = new SchemaRegistry({ host: url });
  }

  /** The ledger's JSON of a value. @throws Error for an id that the registry does not know. */
  async read(value: Buffer): Promise<Buffer> {
    const { id, key, sequence, origin } = (await this.registry.decode(value)) as Omit<
      Body,
      'producer' | 'sentAt'
    > & { origin: { producer: string } };
    return Buffer.from(JSON.stringify({ id, producer: origin.producer, key, sequence }));
  }
}
