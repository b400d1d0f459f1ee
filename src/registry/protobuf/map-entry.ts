/** A map is a repeated message of two fields, and so it is on the wire: what it is called, as protoc calls it. */
export const entryName = (field: string): string =>
  `${field.replace(/(^|_)([a-zA-Z0-9])/g, (_, __, letter: string) => letter.toUpperCase()).replaceAll('_', '')}Entry`;

/**
 * Whether a message stands for a map of its parent: also where a registry has lost that it does, as Karapace does with
 * serialized descriptors.
 */
export function isEntry(
  message: { name: string; fields: readonly { name: string; number: number }[] },
  parent: readonly { name: string; repeated: boolean }[],
): boolean {
  const { name, fields } = message;
  return (
    fields.length === 2 &&
    fields.some((field) => field.name === 'key' && field.number === 1) &&
    fields.some((field) => field.name === 'value' && field.number === 2) &&
    parent.some((field) => field.repeated && entryName(field.name) === name)
  );
}
