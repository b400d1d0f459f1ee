import type { Row, Rows } from '../src/kafka/cluster.js';
import { FerryError } from '../src/migration/errors.js';

/** The row of a key; one that was asked for and not answered is a row with an error. */
export function rowAt<V>(rows: Rows<string, V>, key: string): Row<V> {
  return (
    rows.get(key) ?? {
      error: new FerryError('Unexpected', `A cluster did not answer about ${key}: try again.`),
    }
  );
}

/** The value of a row, for callers that cannot go on without it. @throws FerryError the row's own error. */
export function valueOf<V>(rows: Rows<string, V>, key: string): V {
  const row = rowAt(rows, key);
  if (row.error) throw row.error;
  return row.value;
}
