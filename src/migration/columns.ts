/**
 * JSON in columns: what a migration carries into a new run has thousands of rows that are alike, and the same names and ids
 * in many of them. Rows of one shape are told as their columns, equal neighbours once, and a list that stands in several
 * places once for all of them. It stays JSON that can be read.
 *
 * An object with one of these keys alone stands for something else:
 * `^t` rows: `{ '^t': [how many, { key: column }] }`, where `{ '^-': 0 }` in a column is a key that a row lacks;
 * `^k` a table with many keys: `{ '^k': [keys, values] }`;
 * `^r` equal neighbours: `{ '^r': [value, how many times, value, …] }`;
 * `^l` a list: its index in `lists`.
 * A key of the data that begins with `^` gets another one.
 */
export interface InColumns {
  columns: 1;
  lists: Json[];
  value: Json;
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Shorter lists and smaller tables are told as they are. */
const fewest = 8;

export function inColumns(data: unknown): InColumns {
  const encoded = encode(data);
  const places = new Map<string, number>();
  everyList(encoded, (list) => {
    const text = JSON.stringify(list);
    places.set(text, (places.get(text) ?? 0) + 1);
  });
  const lists: Json[] = [];
  const indices = new Map<string, number>();
  const value = replaceLists(encoded, (list) => {
    const text = JSON.stringify(list);
    if ((places.get(text) ?? 0) < 2) return undefined;
    const index = indices.get(text) ?? lists.push(list) - 1;
    indices.set(text, index);
    return { '^l': index };
  });
  return { columns: 1, lists, value };
}

/** The data again, or what is not in columns as it is. */
export function outOfColumns<T>(data: T | InColumns): T {
  return isInColumns(data) ? (decode(data.value, data.lists) as T) : data;
}

const isInColumns = (data: unknown): data is InColumns =>
  typeof data === 'object' && data !== null && 'columns' in data && 'lists' in data && 'value' in data;

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function encode(value: unknown): Json {
  if (Array.isArray(value)) return encodeList(value);
  if (!isTable(value)) return value === undefined ? null : (value as Json);
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  if (entries.length >= fewest)
    return { '^k': [entries.map(([key]) => key), encodeList(entries.map(([, one]) => one))] };
  return Object.fromEntries(
    entries.map(([key, one]) => [key.startsWith('^') ? `^${key}` : key, encode(one)]),
  );
}

function encodeList(list: readonly unknown[]): Json {
  if (list.length < fewest) return list.map(encode);
  if (list.every(isTable)) {
    const keys = [...new Set(list.flatMap((row) => Object.keys(row)))];
    // Tables of many keys are no rows of one shape.
    if (keys.length < fewest * 2) return rows(list, keys);
  }
  return runs(list.map(encode));
}

const lacking = { '^-': 0 };

const rows = (list: readonly Record<string, unknown>[], keys: readonly string[]): Json => ({
  '^t': [
    list.length,
    Object.fromEntries(
      keys.map((key) => [
        key,
        list.every((row) => own(row, key) !== undefined)
          ? encodeList(list.map((row) => row[key]))
          : runs(list.map((row) => (own(row, key) === undefined ? lacking : encode(row[key])))),
      ]),
    ),
  ],
});

const own = (row: Record<string, unknown>, key: string): unknown =>
  Object.hasOwn(row, key) ? row[key] : undefined;

function runs(list: Json[]): Json {
  const told: Json[] = [];
  let last: string | undefined;
  for (const one of list) {
    const text = JSON.stringify(one);
    if (text === last) told[told.length - 1] = (told.at(-1) as number) + 1;
    else told.push(one, 1);
    last = text;
  }
  return told.length <= list.length ? { '^r': told } : list;
}

/** Lists of texts and numbers; those of rows are in columns already. */
function everyList(value: Json, see: (list: Json[]) => void): void {
  if (Array.isArray(value)) {
    if (isPlainList(value)) see(value);
    else for (const one of value) everyList(one, see);
  } else if (isTable(value)) for (const one of Object.values(value)) everyList(one, see);
}

function replaceLists(value: Json, by: (list: Json[]) => Json | undefined): Json {
  if (Array.isArray(value))
    return (isPlainList(value) ? by(value) : undefined) ?? value.map((one) => replaceLists(one, by));
  if (!isTable(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, replaceLists(one, by)]));
}

const isPlainList = (list: readonly Json[]): boolean =>
  list.length >= fewest && list.every((one) => typeof one !== 'object' || one === null);

function decode(value: Json, lists: readonly Json[]): unknown {
  if (Array.isArray(value)) return value.map((one) => decode(one, lists));
  if (!isTable(value)) return value;
  const entries = Object.entries(value);
  const [only] = entries;
  const marked = entries.length === 1 && only ? marks.get(only[0]) : undefined;
  if (only && marked) return marked(only[1], lists);
  return Object.fromEntries(
    entries.map(([name, one]) => [name.startsWith('^') ? name.slice(1) : name, decode(one, lists)]),
  );
}

const isLacking = Symbol('lacking');

const marks = new Map<string, (inside: Json, lists: readonly Json[]) => unknown>([
  ['^-', () => isLacking],
  ['^l', (index, lists) => [...(lists[index as number] as Json[])]],
  [
    '^r',
    (inside, lists) => {
      // The runs may stand in several places themselves.
      const told = (isTable(inside) ? lists[inside['^l'] as number] : inside) as Json[];
      const list: unknown[] = [];
      for (let at = 0; at < told.length; at += 2)
        for (let times = told[at + 1] as number; times > 0; times--)
          list.push(decode(told[at] ?? null, lists));
      return list;
    },
  ],
  [
    '^k',
    (inside, lists) => {
      const [keys, values] = decode(inside, lists) as [string[], unknown[]];
      return Object.fromEntries(keys.map((name, at) => [name, values[at]]));
    },
  ],
  [
    '^t',
    (inside, lists) => {
      const [count, told] = inside as [number, Record<string, Json>];
      const columns = Object.entries(told).map(([name, column]) => ({
        name,
        values: decode(column, lists) as unknown[],
      }));
      return Array.from({ length: count }, (_, at) =>
        Object.fromEntries(
          columns.flatMap(({ name, values }) => (values[at] === isLacking ? [] : [[name, values[at]]])),
        ),
      );
    },
  ],
]);
