import type { Schema } from './schema.js';

/**
 * Whether two schemas are the same, however a registry has written them down: Karapace sorts the keys of JSON and
 * renders Protobuf anew, Confluent writes Avro its own way. References are compared as sets.
 *
 * `false` for schemas that mean the same and are written too differently is possible; it asks a person.
 */
export function sameSchema(one: Schema, other: Schema): boolean {
  return (
    one.type === other.type &&
    referencesText(one) === referencesText(other) &&
    (one.text === other.text || canonicalText(one) === canonicalText(other))
  );
}

/** One text for everything that is the same schema: usable as a key, not as a schema. */
export function canonicalText({ type, text }: Pick<Schema, 'type' | 'text'>): string {
  if (type === 'PROTOBUF') return protobufText(text);
  const json = parsed(text);
  if (json === undefined || depthOf(text) > deepest) return text.trim();
  // Numbers too long for a double would lose the digits in which they differ.
  const long =
    text
      .match(/\d{16,}/g)
      ?.sort()
      .join() ?? '';
  return `${JSON.stringify(sorted(type === 'AVRO' ? avro(json, '') : json))}${long}`;
}

function referencesText({ references }: Schema): string {
  return references
    .map(({ name, subject, version }) => JSON.stringify([name, subject, version]))
    .sort()
    .join();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Of brackets; registries themselves refuse what is deeper. */
const deepest = 1000;

/** How deep the brackets of a text go at most: those that are inside of strings count too. */
function depthOf(text: string): number {
  let depth = 0;
  let most = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1;
    most = Math.max(most, depth);
  }
  return most;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]): [string, unknown] => [key, sorted(item)])
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  );
}

const primitives = new Set(['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string']);
const namedTypes = new Set(['record', 'error', 'enum', 'fixed']);

/**
 * Names of types in full, and primitives as plain texts: the part of Avro's canonical form (specification, "Parsing
 * Canonical Form": PRIMITIVES, FULLNAMES) that loses nothing. Docs, defaults, aliases and order stay.
 */
function avro(schema: unknown, namespace: string): unknown {
  if (typeof schema === 'string') return primitives.has(schema) ? schema : fullName(schema, namespace);
  if (Array.isArray(schema)) return schema.map((branch) => avro(branch, namespace));
  if (!isObject(schema)) return schema;
  const { type } = schema;
  if (typeof type === 'string' && primitives.has(type) && Object.keys(schema).length === 1) return type;
  if (typeof type === 'string' && namedTypes.has(type) && typeof schema['name'] === 'string') {
    const own = typeof schema['namespace'] === 'string' ? schema['namespace'] : namespace;
    const name = fullName(schema['name'], own);
    const inner = name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : '';
    const { namespace: _, ...rest } = schema;
    const fields = schema['fields'];
    return {
      ...rest,
      name,
      ...(Array.isArray(fields) && {
        fields: fields.map((field: unknown) =>
          isObject(field) ? { ...field, type: avro(field['type'], inner) } : field,
        ),
      }),
    };
  }
  return {
    ...schema,
    ...('items' in schema && { items: avro(schema['items'], namespace) }),
    ...('values' in schema && { values: avro(schema['values'], namespace) }),
    ...(type !== undefined && type !== 'array' && type !== 'map' && { type: avro(type, namespace) }),
  };
}

const fullName = (name: string, namespace: string): string =>
  name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;

/**
 * The words of a Protobuf file without comments and spaces. What comes before its messages (syntax, package, imports,
 * options) is in one order; messages keep theirs, because records name them by their place.
 */
function protobufText(text: string): string {
  const statements: string[] = [];
  let words: string[] = [];
  let depth = 0;
  for (const word of protobufWords(text)) {
    // A semicolon behind a brace, or behind another semicolon, ends nothing.
    if (word === ';' && (words.length === 0 || words.at(-1) === ';' || words.at(-1) === '}')) continue;
    words.push(word);
    if (word === '{') depth++;
    if (word === '}') depth--;
    if (depth > 0 || (word !== ';' && word !== '}')) continue;
    statements.push(words.join(' '));
    words = [];
  }
  if (words.length > 0) statements.push(words.join(' '));
  const isHead = (statement: string) => /^(syntax|edition|package|import|option) /.test(statement);
  const head = statements.filter(isHead);
  if (!head.some((statement) => /^(syntax|edition) /.test(statement))) head.push('syntax = "proto2" ;');
  return [...head.sort(), ...statements.filter((statement) => !isHead(statement))].join('\n');
}

function* protobufWords(text: string): Generator<string> {
  // What does not end goes to the end of the text: to look for it again from each of its words would take for ever.
  const pattern =
    /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|"((?:[^"\\]|\\[\s\S]?)*)(?:"|$)|'((?:[^'\\]|\\[\s\S]?)*)(?:'|$)|[\w.+-]+|\S/g;
  for (const [word, double, single] of text.matchAll(pattern)) {
    if (word.startsWith('//') || word.startsWith('/*')) continue;
    const quoted = double ?? single;
    yield quoted === undefined ? word : `"${quoted}"`;
  }
}
