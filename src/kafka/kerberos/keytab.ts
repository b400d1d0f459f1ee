/** The version of the format that everybody writes: numbers with the highest byte first. */
const version = 0x0502;

/**
 * Whose keys are in a keytab (MIT Kerberos, "Keytab file format"), each once, as `ferry@EXAMPLE.COM`; the keys themselves
 * are passed over. `undefined`: these bytes are no keytab.
 */
export function principalsOf(bytes: Buffer): string[] | undefined {
  if (bytes.length < 2 || bytes.readUInt16BE() !== version) return undefined;
  const found = new Set<string>();
  for (let at = 2; at < bytes.length;) {
    if (at + 4 > bytes.length) return undefined;
    const size = bytes.readInt32BE(at);
    at += 4;
    // Nothing may follow the last entry but zeros; below them is a hole that a deleted entry has left.
    if (size === 0) break;
    if (at + Math.abs(size) > bytes.length) return undefined;
    if (size > 0) {
      const principal = principalIn(bytes.subarray(at, at + size));
      if (principal === undefined) return undefined;
      found.add(principal);
    }
    at += Math.abs(size);
  }
  return [...found];
}

/** An entry begins with the number of parts, the realm, and the parts, each text after its length. */
function principalIn(entry: Buffer): string | undefined {
  const texts: string[] = [];
  if (entry.length < 2) return undefined;
  const count = entry.readUInt16BE() + 1;
  for (let at = 2; texts.length < count;) {
    if (at + 2 > entry.length) return undefined;
    const begin = at + 2;
    at = begin + entry.readUInt16BE(at);
    if (at > entry.length) return undefined;
    texts.push(entry.toString('utf8', begin, at));
  }
  const [realm, ...parts] = texts;
  return `${parts.join('/')}@${realm}`;
}
