/**
 * Temporal takes no payload of more than 2 MB: it fails the activity whose answer is larger, and ends a run whose next
 * input would be, without a word to anybody.
 */
export const mostBytes = 1_900_000;

/** Bytes of a value as JSON, as Temporal stores it. */
export function bytesOf(value: unknown): number {
  const text = JSON.stringify(value) ?? '';
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    // Both halves of a pair together make four bytes.
    if (code > 0x7f) bytes += code > 0x7ff && (code < 0xd800 || code > 0xdfff) ? 2 : 1;
  }
  return bytes;
}

export const sayMegabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`;

export const tooLarge = (what: string, bytes: number): string =>
  `${what} would be ${sayMegabytes(bytes)}, more than the 2 MB that Temporal takes: this migration has too many topics, groups or findings for one. Divide its file into several, each with fewer topics.`;
