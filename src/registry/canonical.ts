import { longNumbers, withExactNumbers } from './json-numbers.js';
import { factsDiffer, factsText, type Difference } from './protobuf/facts.js';
import { readProtobuf } from './protobuf/read.js';
import type { Schema } from './schema.js';

export type { Difference };

/** What a schema refers to, and what that refers to; asked for where it matters alone. */
export type Imported = () => readonly Schema[];
const nothing: Imported = () => [];

/** What was compared before, by the text that was made and the one it was made from: registries are looked at again and again. */
const compared = new Map<string, Map<string, { references: string; difference: Difference }>>();
const mostRemembered = 20_000;

/**
 * How a schema on a registry differs from what was registered, however the registry has written it down: Karapace sorts the
 * keys of JSON and renders Protobuf anew, Confluent writes Avro its own way, Apicurio keeps serialized descriptors.
 * References are compared as sets.
 *
 * @param imported what `from` refers to, in which names of Protobuf are looked up
 */
export function compareSchemas(made: Schema, from: Schema, imported: Imported = nothing): Difference {
  if (made.type !== from.type) return { kind: 'other' };
  const references = referencesText(from);
  if (referencesText(made) !== references) return { kind: 'other' };
  if (made.text === from.text) return { kind: 'none' };
  const before = compared.get(made.text)?.get(from.text);
  if (before?.references === references) return before.difference;
  const difference =
    from.type === 'PROTOBUF' ? protobufDiffers(made, from, imported) : jsonDiffers(made, from);
  if (compared.size >= mostRemembered) compared.clear();
  const ofMade = compared.get(made.text) ?? new Map<string, { references: string; difference: Difference }>();
  compared.set(made.text, ofMade.set(from.text, { references, difference }));
  return difference;
}

export function sameSchema(made: Schema, from: Schema, imported: Imported = nothing): boolean {
  return compareSchemas(made, from, imported).kind === 'none';
}

/** One text for everything that is the same schema: usable as a key, not as a schema. */
export function canonicalText({ type, text }: Pick<Schema, 'type' | 'text'>): string {
  if (type !== 'PROTOBUF') return jsonText({ type, text }, 'exact');
  const file = readProtobuf(text);
  return file ? factsText(file.facts([])) : text.trim();
}

/** Without a parser that takes both, nothing is known of what they mean. */
function protobufDiffers(made: Schema, from: Schema, imported: Imported): Difference {
  const [one, other] = [readProtobuf(made.text), readProtobuf(from.text)];
  if (!one || !other) return { kind: made.text.trim() === from.text.trim() ? 'none' : 'other' };
  const files = imported().flatMap(({ type, text }) =>
    type === 'PROTOBUF' ? (readProtobuf(text) ?? []) : [],
  );
  return factsDiffer(one.facts(files), other.facts(files));
}

function jsonDiffers(made: Schema, from: Schema): Difference {
  if (jsonText(made, 'exact') === jsonText(from, 'exact')) return { kind: 'none' };
  // What was rounded has become a double, and is none any more that one does not hold.
  if (longNumbers(made.text).length > 0 || jsonText(made, 'rounded') !== jsonText(from, 'rounded'))
    return { kind: 'other' };
  return {
    kind: 'dropped',
    what: [...new Set(longNumbers(from.text))].map((number) => `digits of ${number}`),
  };
}

type Numbers = 'exact' | 'rounded';

function jsonText({ type, text }: Pick<Schema, 'type' | 'text'>, numbers: Numbers): string {
  const json = parsed(text, numbers);
  if (json === undefined || depthOf(text) > deepest) return text.trim();
  return JSON.stringify(sorted(type === 'AVRO' ? avro(json, '') : json));
}

function referencesText({ references }: Schema): string {
  return references
    .map(({ name, subject, version }) => JSON.stringify([name, subject, version]))
    .sort()
    .join();
}

function parsed(text: string, numbers: Numbers): unknown {
  try {
    return JSON.parse(numbers === 'exact' ? withExactNumbers(text) : text) as unknown;
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
