/** The version of the format that everybody writes: numbers with the highest byte first. */
const version = 0x0502;

/**
 * Whose keys are in a keytab (MIT Kerberos, "Keytab file format"), each once, as `ferry@EXAMPLE.COM`; the keys themselves
 * are passed over. `undefined`: these bytes are no keytab.
 */
export function principalsOf(bytes: Buffer): string[] | undefined {
  if (bytes.length < 2 || bytes.readUInt16BE() !== version) return undefined;
  const found = new Set<string>();
  try {
    for (let at = 2; at < bytes.length;) {
      const size = bytes.readInt32BE(at);
      at += 4;
      // A hole is what a deleted entry leaves; nothing may follow the last entry but zeros.
      if (size === 0) break;
      if (size > 0) found.add(principalAt(bytes.subarray(at, at + size)));
      at += Math.abs(size);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return undefined;
  }
  return [...found];
}

function principalAt(entry: Buffer): string {
  let at = 0;
  const text = (): string => {
    const length = entry.readUInt16BE(at);
    if (at + 2 + length > entry.length) throw new RangeError('a text ends behind its entry');
    const value = entry.toString('utf8', at + 2, at + 2 + length);
    at += 2 + length;
    return value;
  };
  const count = entry.readUInt16BE(at);
  at += 2;
  const realm = text();
  return `${Array.from({ length: count }, text).join('/')}@${realm}`;
}
