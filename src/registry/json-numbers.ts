/** A text, or a number, of JSON. A text that does not end goes to the end, or its end would be looked for from each quote. */
const word = /"(?:[^"\\]|\\[\s\S]?)*(?:"|$)|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * The JSON with each number that a double does not hold as a text of its own, so that a parser keeps its digits. Two ways to
 * write one number become the same text.
 */
export function withExactNumbers(json: string): string {
  return json.replace(word, (found) => {
    if (found.startsWith('"')) return found;
    const exact = decimal(found);
    return exact === decimal(String(Number(found))) ? found : JSON.stringify(`\u0000${exact}`);
  });
}

/** Numbers in the JSON that a double does not hold, as they are written there. */
export function longNumbers(json: string): string[] {
  return (json.match(word) ?? []).filter(
    (found) => !found.startsWith('"') && decimal(found) !== decimal(String(Number(found))),
  );
}

/** Digits without zeros at either end, and the power of ten that they are to be multiplied with: `-12e3`. */
function decimal(number: string): string {
  const [, sign = '', whole = '', , fraction = '', , exponent = '0'] =
    /^(-?)(\d+)(\.(\d+))?([eE]([+-]?\d+))?$/.exec(number) ?? [];
  if (whole === '') return number;
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  let end = digits.length;
  while (digits[end - 1] === '0') end--;
  const bare = digits.slice(0, end);
  if (bare === '') return '0';
  return `${sign}${bare}e${Number(exponent) - fraction.length + digits.length - bare.length}`;
}
