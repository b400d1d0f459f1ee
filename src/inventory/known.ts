import { isFerryError } from '../migration/errors.js';
import type { Row, Rows } from '../kafka/cluster.js';

/** A value that was seen, or the reason why it is not known. Never left out: absent would read as "not there". */
export type Known<T> = { value: T; unknown?: undefined } | { unknown: string; value?: undefined };

/** What one part of a scan brought, or why it did not. */
export async function part<T>(read: () => Promise<T>): Promise<Known<T>> {
  try {
    return { value: await read() };
  } catch (error) {
    if (!isFerryError(error)) throw error;
    return { unknown: error.message };
  }
}

/**
 * The same of what the cluster itself is asked: where it refuses the credentials, nothing of it can be seen. What stands beside
 * it has credentials of its own, which tell nothing of the cluster.
 *
 * @throws FerryError `Unauthenticated`
 */
export async function partOfCluster<T>(read: () => Promise<T>): Promise<Known<T>> {
  try {
    return { value: await read() };
  } catch (error) {
    if (!isFerryError(error) || error.type === 'Unauthenticated') throw error;
    return { unknown: error.message };
  }
}

export function mapKnown<T, U>(known: Known<T>, change: (value: T) => U): Known<U> {
  return known.unknown === undefined ? { value: change(known.value) } : { unknown: known.unknown };
}

/** The same, where what is made of a value may not be known itself. */
export function thenKnown<T, U>(known: Known<T>, next: (value: T) => Known<U>): Known<U> {
  return known.unknown === undefined ? next(known.value) : { unknown: known.unknown };
}

export const noAnswer = 'no broker said anything about it';

export function rowOf<T>(rows: Known<Rows<string, T>>, key: string): Known<T> {
  if (rows.unknown !== undefined) return { unknown: rows.unknown };
  const row: Row<T> | undefined = rows.value.get(key);
  if (row?.error) return { unknown: row.error.message };
  return row === undefined ? { unknown: noAnswer } : { value: row.value };
}

/** All of them, or why one is not known. */
export function every<T>(all: readonly Known<T>[]): Known<T[]> {
  const missing = all.find(({ unknown }) => unknown !== undefined)?.unknown;
  return missing === undefined ? { value: all.map(({ value }) => value as T) } : { unknown: missing };
}
