/**
 * The header that serializers put before a key or value (Confluent's wire format): a byte 0, then the id of the schema,
 * 4 bytes, big endian. Bytes that begin so by accident cannot be told from it by themselves.
 */
const header = 5;

/** The id that bytes carry; `undefined` when they carry none. */
export function schemaIdOf(bytes: Buffer | null): number | undefined {
  return bytes !== null && bytes.length >= header && bytes[0] === 0 ? bytes.readUInt32BE(1) : undefined;
}

/**
 * The same bytes with the target's id in place of the source's, in a buffer of their own; the given one is returned
 * where nothing has to change.
 *
 * Bytes without a header stay as they are, and so do those whose id is not in the map: who knows that the topic has schemas
 * must stop at such an id (`schemaIdOf`), because the target would read it as another schema.
 */
export function rewriteId(value: Buffer, ids: ReadonlyMap<number, number>): Buffer {
  const from = schemaIdOf(value);
  const to = from === undefined ? undefined : ids.get(from);
  if (to === undefined || to === from) return value;
  const rewritten = Buffer.from(value);
  rewritten.writeUInt32BE(to, 1);
  return rewritten;
}
