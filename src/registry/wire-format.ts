/**
 * The header that serializers put before a key or value (Confluent's wire format): a byte 0, then the id of the schema,
 * 4 bytes, big endian. Bytes that begin so by accident cannot be told from it by themselves.
 */
const header = 5;

/** The id that bytes carry; `undefined` when they carry none. */
export function schemaIdOf(bytes: Buffer | null): number | undefined {
  return bytes !== null && bytes.length >= header && bytes[0] === 0 ? bytes.readUInt32BE(1) : undefined;
}

/** Puts another id in the place of the one that they carry (`schemaIdOf`). */
export function putSchemaId(bytes: Buffer, id: number): void {
  bytes.writeUInt32BE(id, 1);
}
