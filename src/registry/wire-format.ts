/**
 * The header that serializers put before a key or value (Confluent's wire format): a byte 0, then the id of the schema,
 * 4 bytes, big endian. Bytes that begin so by accident cannot be told from it by themselves.
 */
const header = 5;

/** Whether bytes are enough for one: that fewer carry none says nothing of what others of the topic carry. */
export const couldCarryId = (bytes: Buffer | null): bytes is Buffer =>
  bytes !== null && bytes.length >= header;

/** The id that bytes carry; `undefined` when they carry none. */
export function schemaIdOf(bytes: Buffer | null): number | undefined {
  return couldCarryId(bytes) && bytes[0] === 0 ? bytes.readUInt32BE(1) : undefined;
}

/** Puts another id in the place of the one that they carry (`schemaIdOf`). */
export function putSchemaId(bytes: Buffer, id: number): void {
  bytes.writeUInt32BE(id, 1);
}

/**
 * Headers in which serializers put what stands for the schema, in place of the bytes before a key or value, and the part that
 * they are about. Confluent's of 2025 (`HeaderSchemaIdSerializer`) write a GUID: a byte 1, then 16 bytes; their readers take an
 * id there too, as it stands before bytes. Apicurio writes ids of its own, 8 bytes.
 */
const headerParts: ReadonlyMap<string, 'key' | 'value'> = new Map([
  ['__key_schema_id', 'key'],
  ['__value_schema_id', 'value'],
  ['confluent-schema-id', 'value'],
  ['apicurio.key.globalId', 'key'],
  ['apicurio.value.globalId', 'value'],
  ['apicurio.key.contentId', 'key'],
  ['apicurio.value.contentId', 'value'],
]);
const guidBytes = 16;

/** What a header says of the schema of a part of its record. */
export interface SchemaHeader {
  readonly name: string;
  readonly part: 'key' | 'value';
  /** `undefined`: it stands for a schema in a way of its own. */
  readonly names: { readonly id: number } | { readonly guid: string } | undefined;
}

/** `undefined` for a header that is about something else. */
export function schemaHeaderOf({
  key,
  value,
}: {
  key: Buffer;
  value: Buffer | null;
}): SchemaHeader | undefined {
  const name = key.toString();
  const part = headerParts.get(name);
  if (part === undefined) return undefined;
  if (value?.length === header && value[0] === 0) return { name, part, names: { id: value.readUInt32BE(1) } };
  if (value?.length === 1 + guidBytes && value[0] === 1)
    return { name, part, names: { guid: guidOf(value) } };
  return { name, part, names: undefined };
}

/** As registries write it: `89791762-2336-186f-9674-299b90a802e2`. */
function guidOf(value: Buffer): string {
  return value.toString('hex', 1).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
