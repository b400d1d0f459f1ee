import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { asKarapace } from '../../lab/registry-double/karapace-protobuf.js';
import { compareSchemas } from '../../src/registry/canonical.js';
import { readProtobuf } from '../../src/registry/protobuf/read.js';
import type { Schema } from '../../src/registry/schema.js';
import { protobuf, protoFile, recorded, withoutComments } from '../registry/proto-files.js';

const paths = Object.keys(recorded.sha256);
const rendered = new Map(paths.map((path) => [path, asKarapace(withoutComments(protoFile(path)))]));

/** What a file imports, and what that imports. */
function importsOf(text: string): Schema[] {
  const found = new Map<string, Schema>();
  const visit = (one: string): void => {
    for (const path of readProtobuf(one)?.imports ?? []) {
      const file = new URL(`../../node_modules/google-proto-files/${path}`, import.meta.url);
      if (found.has(path) || !existsSync(file)) continue;
      found.set(path, protobuf(protoFile(path)));
      visit(protoFile(path));
    }
  };
  visit(text);
  return [...found.values()];
}

describe('554 real files, as Karapace writes them down', () => {
  it('are written by the double as by Karapace itself', () => {
    const other = paths.filter(
      (path) => createHash('sha256').update(rendered.get(path)!).digest('hex') !== recorded.sha256[path],
    );
    expect(paths).toHaveLength(554);
    expect(other).toEqual([]);
  });

  it('are the same schemas, all of them', () => {
    const differing = Object.fromEntries(
      paths.flatMap((path) => {
        const is = compareSchemas(protobuf(rendered.get(path)!), protobuf(protoFile(path)));
        return is.kind === 'none' ? [] : [[path, is]];
      }),
    );
    expect(differing).toEqual({});
  });
});

describe('serialized descriptors, as confluent-kafka for Python registers them', () => {
  const all = Object.entries(recorded.descriptors);

  it.each(all)('%s is what its file says, but for options of its own', (path, { descriptor }) => {
    const text = protoFile(path);
    const is = compareSchemas(protobuf(descriptor), protobuf(text), () => importsOf(text));
    const dropped = is.kind === 'dropped' ? is.what : [];
    expect(is.kind).not.toBe('other');
    // A descriptor has numbers in the place of the names of options that files declare themselves.
    expect(dropped.filter((what) => !/^option \(/.test(what))).toEqual([]);
  });

  it.each(all)('%s becomes the text that Karapace makes of it, and what that has lost is named', (_, one) => {
    expect(asKarapace(one.descriptor)).toBe(one.rendered);
    const is = compareSchemas(protobuf(one.rendered), protobuf(one.descriptor));
    const dropped = is.kind === 'dropped' ? is.what : [];
    expect(is.kind).not.toBe('other');
    expect(
      dropped.filter((what) => !/^(option|extend|scope of|map|service|rpc|extensions|default) /.test(what)),
    ).toEqual([]);
  });
});

/** A change to one line, which stands for itself in what Karapace writes. */
type Mutation = (line: string, inside: string) => string | undefined;
const field = /^(\s+)((?:optional|required|repeated) )?([\w.]+|map<.+>) (\w+) = (\d+)( \[.*)?;$/;
const withField =
  (
    change: (parts: { label: string; type: string; name: string; number: string; options: string }) => string,
  ) =>
  (line: string, inside: string): string | undefined => {
    const [, indent = '', label = '', type = '', name = '', number = '', options = ''] =
      field.exec(line) ?? [];
    return number === '' || inside === 'enum' || type === 'option'
      ? undefined
      : `${indent}${change({ label, type, name, number, options })};`;
  };
const mutations: Record<string, Mutation> = {
  'the number of a field': withField(
    (of) => `${of.label}${of.type} ${of.name} = ${Number(of.number) + 30_000}${of.options}`,
  ),
  'the type of a field': withField(
    (of) => `${of.label}${of.type === 'string' ? 'bytes' : 'string'} ${of.name} = ${of.number}${of.options}`,
  ),
  'the label of a field': (line, inside) =>
    inside === 'message' && !line.includes('map<')
      ? withField(
          (of) =>
            `${of.label === 'repeated ' ? '' : 'repeated '}${of.type} ${of.name} = ${of.number}${of.options}`,
        )(line, inside)
      : undefined,
  'the name of a field': withField((of) => `${of.label}${of.type} ${of.name}_of = ${of.number}${of.options}`),
  'an option': (line) =>
    /^\s*option .* = "[^"]*";$/.test(line) ? line.replace(/"([^"]*)";$/, '"$1 and more";') : undefined,
  'an import': (line) => (line.startsWith('import "') ? line.replace('.proto', '_2.proto') : undefined),
  'a value of an enum': (line, inside) =>
    inside === 'enum' && /^\s+\w+ = \d+;$/.test(line)
      ? line.replace(/ = (\d+);/, (_, number: string) => ` = ${Number(number) + 1_000};`)
      : undefined,
  'the name of a value': (line, inside) =>
    inside === 'enum' && /^\s+\w+ = \d+;$/.test(line) ? line.replace(' = ', '_OF = ') : undefined,
};

/** One mutation in each of fifty files, somewhere else in each. */
function mutants(mutation: Mutation): { from: string; mutant: string }[] {
  const found: { from: string; mutant: string }[] = [];
  paths.forEach((path, seed) => {
    if (found.length >= 50) return;
    const from = rendered.get(path)!;
    const lines = from.split('\n');
    const open: string[] = [];
    const changed = lines.flatMap((line, index) => {
      const [, kind] = /^\s*(message|enum|oneof|service|extend) .*\{$/.exec(line) ?? [];
      if (line.trim() === '}' || /^\s*\};?$/.test(line)) open.pop();
      else if (line.endsWith('{')) open.push(kind ?? 'other');
      const mutated = mutation(line, open.at(-1) ?? '');
      return mutated === undefined ? [] : [{ index, mutated }];
    });
    const chosen = changed[seed % Math.max(1, changed.length)];
    if (chosen) found.push({ from, mutant: lines.with(chosen.index, chosen.mutated).join('\n') });
  });
  return found;
}

describe('fifty mutations', () => {
  it.each(Object.entries(mutations))('of %s are told apart', (_, mutation) => {
    const all = mutants(mutation);
    expect(all).toHaveLength(50);
    for (const { from, mutant } of all) {
      // A text that no parser takes would be told apart for nothing.
      expect(readProtobuf(mutant)).toBeDefined();
      expect(compareSchemas(protobuf(mutant), protobuf(from)).kind).not.toBe('none');
      expect(compareSchemas(protobuf(from), protobuf(mutant)).kind).not.toBe('none');
    }
  });

  it('of a default are told apart', () => {
    const values = {
      int32: [1, 2],
      int64: ['9223372036854775807', '9223372036854775806'],
      double: [0.5, 0.25],
      bool: [true, false],
      string: ['"a"', '"b"'],
    };
    const all = Object.entries(values).flatMap(([type, [one, other]]) =>
      Array.from({ length: 10 }, (_, at) => {
        const text = (value: unknown) =>
          `syntax = "proto2";\nmessage M${at} {\n optional ${type} f = ${at + 1} [default = ${String(value)}];\n}\n`;
        return [text(one), text(other)] as const;
      }),
    );
    expect(all).toHaveLength(50);
    for (const [one, other] of all) {
      expect(compareSchemas(protobuf(one), protobuf(asKarapace(one)))).toEqual({ kind: 'none' });
      expect(compareSchemas(protobuf(one), protobuf(other))).toEqual({ kind: 'other' });
    }
  });
});
