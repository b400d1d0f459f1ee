/** Stands for a number in an answer that JavaScript's own cannot hold: Kafka's are of 64 bits. */
const mark = 'a number:';

/** A number as it is, from its text. */
export function numeric(text: string): number | string {
  const number = Number(text);
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(number) ? mark + text : number;
}

export function jsonText(answer: object): string {
  return JSON.stringify(answer).replaceAll(new RegExp(`"${mark}(-?\\d+)"`, 'g'), '$1');
}
