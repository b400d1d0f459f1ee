import { Reader, Writer } from '@platformatic/kafka';

/** One request of Kafka's protocol in one version: what is sent, and what an answer means. */
export interface Api<Request, Response> {
  /** As the protocol guide names it. */
  readonly name: string;
  readonly key: number;
  readonly version: number;
  /** Whether headers and structs carry tagged fields (KIP-482). */
  readonly flexible: boolean;
  /** The same for the header of the answer. */
  readonly taggedAnswer: boolean;
  encode(request: Request): Writer;
  decode(reader: WireReader): Response;
}

/**
 * A module never throws on an error code: codes are part of the answer, so that half a success stays visible.
 *
 * @param decode reads the fields of the body; the tagged fields that end it are left to this function.
 */
export function api<Request, Response>(
  [name, key, version]: readonly [name: string, key: number, version: number],
  encode: (request: Request, writer: Writer) => Writer,
  decode: (reader: WireReader) => Response,
  { flexible = true, taggedAnswer = flexible }: { flexible?: boolean; taggedAnswer?: boolean } = {},
): Api<Request, Response> {
  return {
    name,
    key,
    version,
    flexible,
    taggedAnswer,
    encode: (request) => encode(request, Writer.create()),
    decode: (reader) => {
      const response = decode(reader);
      if (flexible) reader.readTaggedFields();
      return response;
    },
  };
}

/** Reads from the first of these bytes on. */
export function readerOf(bytes: Buffer): WireReader {
  return new WireReader(Reader.from(bytes).buffer);
}

/** The client's reader takes the number of tagged fields for their length, and has no notion of topic ids. */
export class WireReader extends Reader {
  private throttle = 0;

  /** For how long the broker reads nothing more from this connection, ms (KIP-219), once the answer is decoded. */
  get throttleMs(): number {
    return this.throttle;
  }

  /** `throttle_time_ms`, which every answer has but those that log in; modules differ in where it stands. */
  readThrottle(): number {
    return (this.throttle = this.readInt32());
  }

  /** TAG_BUFFER (KIP-482): a count, then each field as tag, size and bytes. Passed over. */
  override readTaggedFields(): void {
    this.readTagged((_, size) => this.skip(size));
  }

  /** As `readTaggedFields`, for a struct of which a field is needed: `field` reads exactly `size` bytes. */
  readTagged(field: (tag: number, size: number) => void): void {
    for (let left = this.readUnsignedVarInt(); left > 0; left--) {
      const tag = this.readUnsignedVarInt();
      field(tag, this.readUnsignedVarInt());
    }
  }

  /** A compact array of structs whose tagged fields `read` reads itself. */
  readUntaggedArray<T>(read: () => T): T[] {
    return this.readArray(read, true, false);
  }

  /** UUID as Kafka's tools print it: 22 characters of URL-safe base64; `null` for the zero id. */
  readTopicId(): string | null {
    const id = Buffer.from(this.readUUID().replaceAll('-', ''), 'hex');
    return id.every((byte) => byte === 0) ? null : id.toString('base64url');
  }

  /** `[INT32]`, compact. */
  readInts(): number[] {
    return this.readArray(() => this.readInt32(), true, false);
  }

  /** `[COMPACT_STRING]`. */
  readStrings(): string[] {
    return this.readArray(() => this.readString(), true, false);
  }
}

/** The 16 bytes of a topic id, zero for `null`. */
export function appendTopicId(writer: Writer, topicId: string | null): Writer {
  return writer.append(topicId === null ? Buffer.alloc(16) : Buffer.from(topicId, 'base64url'));
}

/** `[INT32]`, compact. */
export function appendInts(writer: Writer, values: readonly number[]): Writer {
  return writer.appendArray([...values], (w, value) => w.appendInt32(value), true, false);
}

/** `[COMPACT_STRING]`; `null` is sent as a null array. */
export function appendStrings(writer: Writer, values: readonly string[] | null): Writer {
  return writer.appendArray(values && [...values], (w, value) => w.appendString(value), true, false);
}
