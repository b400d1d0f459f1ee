import { partitionKey, type Row, type Rows, type TopicPartition } from '../../src/kafka/cluster.js';
import { transientTypes } from '../../src/migration/error-types.js';
import { FerryError } from '../../src/migration/errors.js';

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

/** The row of a key, for callers that report its error. @throws FerryError a transient one, which is nothing to report. */
export function lastingAt<V>(rows: Rows<string, V>, key: string): Row<V> {
  const row = rowAt(rows, key);
  if (row.error && transientTypes.includes(row.error.type)) throw row.error;
  return row;
}

/** What a cluster refused for some of the partitions it was asked about. @throws FerryError a transient one. */
export function refusalsIn(rows: Rows<string, unknown>, of: readonly TopicPartition[]): FerryError[] {
  return of.flatMap((at) => lastingAt(rows, partitionKey(at)).error ?? []);
}

/** The value of a row, `undefined` when it is `NotFound`. @throws FerryError any other error of the row. */
export function valueIfThere<V>(rows: Rows<string, V>, key: string): V | undefined {
  const row = rowAt(rows, key);
  if (row.error && row.error.type !== 'NotFound') throw row.error;
  return row.value;
}
