import { Writer } from '@platformatic/kafka';
import type { WireReader } from './reader.js';

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
 * @param decode reads the fields of the body; the tagged fields that end it are left to this function. What it does not
 *   read is damage: a count that lost a bit would else be an answer that there is nothing.
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
      if (flexible && reader.remaining > 0) reader.readTaggedFields();
      if (reader.remaining > 0) throw new RangeError('bytes follow the fields of an answer');
      return response;
    },
  };
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
