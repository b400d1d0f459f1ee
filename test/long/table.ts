import { appendFileSync } from 'node:fs';

/** One line of the table that `npm run test:long` ends with. */
export interface Row {
  test: string;
  seconds: number;
  /** Processes that were ended. */
  kills?: number;
  messages?: number;
  lost?: number;
  duplicates?: number;
  reordered?: number;
}

/** Adds a line, where a table is kept. */
export function tell(row: Row): void {
  const file = process.env.FERRY_LONG_TABLE;
  if (file) appendFileSync(file, `${JSON.stringify(row)}\n`);
}
