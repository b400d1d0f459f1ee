export { listed } from '../../src/migration/listed.js';

/** `1 partition`, `12 partitions`. */
export function count(amount: number | bigint, noun: string, plural = `${noun}s`): string {
  return `${amount} ${Number(amount) === 1 ? noun : plural}`;
}

/** `1,234,567`. */
export function digits(amount: number | bigint): string {
  return amount.toLocaleString('en-US');
}
