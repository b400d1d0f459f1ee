import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareSchemas, sameSchema } from '../../src/registry/canonical.js';
import type { Schema } from '../../src/registry/schema.js';
import { putSchemaId, schemaIdOf } from '../../src/registry/wire-format.js';

const schema = (type: string, text: string, references: Schema['references'] = []): Schema => ({
  type,
  text,
  references,
});

describe('the same schema', () => {
  it.each([
    ['AVRO', '{"type":"record","name":"A","fields":[]}', '{ "name": "A", "fields": [ ], "type": "record" }'],
    ['AVRO', '"string"', '{"type":"string"}'],
    [
      'AVRO',
      '{"type":"record","name":"a.A","fields":[{"name":"f","type":{"type":"enum","name":"E","symbols":["X"]}},{"name":"g","type":["null","E"]}]}',
      '{"type":"record","namespace":"a","name":"A","fields":[{"name":"f","type":{"type":"enum","namespace":"a","name":"E","symbols":["X"]}},{"name":"g","type":["null","a.E"]}]}',
    ],
    ['AVRO', '{"type":"array","items":{"type":"int"}}', '{"items":"int","type":"array"}'],
    ['JSON', '{"type":"object","title":"t"}', '{"title":"t",\n"type":"object"}'],
    [
      'PROTOBUF',
      '// what it is\nsyntax = "proto3";\npackage a;\nimport "b.proto";\n/* more */ message A { string s = 1; } ;',
      "syntax='proto3';import 'b.proto';package a;message A{string s=1;}",
    ],
    [
      'PROTOBUF',
      'message A { optional string s = 1; }',
      'syntax = "proto2";\nmessage A { optional string s = 1; }',
    ],
    [
      'PROTOBUF',
      'syntax = "proto3"; package a; enum E { Z = 0; } service S { rpc M (A) returns (B); } message B { A a = 0x2; reserved 3; oneof o { E e = 1; } } message A {}',
      'syntax = "proto3"; package a; message B { reserved 3; .a.A a = 2; oneof o { a.E e = 1; } } message A {} enum E { Z = 0; } service S { rpc M (.a.A) returns (a.B); }',
    ],
    [
      'PROTOBUF',
      'syntax = "proto3"; option (x.y) = { n: 1 on: true s: "a" "b" };',
      'syntax = "proto3"; option (x.y) = { n: "1", on: "true", s: "ab" };',
    ],
    ['OTHER', ' text ', 'text'],
    ['JSON', '{"maximum":1.0,"minimum":0.10}', '{"maximum":1,"minimum":1e-1}'],
  ])('%s %s', (type, one, other) => {
    expect(sameSchema(schema(type, one), schema(type, other))).toBe(true);
  });

  it.each([
    ['AVRO', '{"type":"record","name":"A","fields":[]}', '{"type":"record","name":"B","fields":[]}'],
    [
      'AVRO',
      '{"type":"record","name":"A","doc":"x","fields":[]}',
      '{"type":"record","name":"A","fields":[]}',
    ],
    [
      'AVRO',
      '{"type":"enum","name":"E","symbols":["A","B"]}',
      '{"type":"enum","name":"E","symbols":["B","A"]}',
    ],
    ['AVRO', '{"type":"record","name":"a.A","fields":[]}', '{"type":"record","name":"A","fields":[]}'],
    ['JSON', '{"maximum":9007199254740993}', '{"maximum":9007199254740992}'],
    ['JSON', '{"maximum":0.12345678901234567}', '{"maximum":0.123456789012345678}'],
    [
      'AVRO',
      '{"type":"record","name":"A","fields":[{"name":"l","type":"long","default":-9007199254740993}]}',
      '{"type":"record","name":"A","fields":[{"name":"l","type":"long","default":9007199254740993}]}',
    ],
    ['PROTOBUF', 'message A { optional string s = 1; }', 'message A { optional string s = 2; }'],
    ['PROTOBUF', 'enum E { A = 0; B = 1; }', 'enum E { B = 1; A = 0; }'],
    ['PROTOBUF', 'enum E { A = 0 [(x) = { a: 1 a: 2 }]; }', 'enum E { A = 0 [(x) = { a: 2 a: 2 }]; }'],
    ['PROTOBUF', 'message A {} message B {}', 'message B {} message A {}'],
    ['PROTOBUF', 'message A { option a = "x y"; }', 'message A { option a = "x  y"; }'],
  ])('is not another: %s %s', (type, one, other) => {
    expect(sameSchema(schema(type, one), schema(type, other))).toBe(false);
  });

  it('has the same type and the same references in any order', () => {
    const a = { name: 'a', subject: 'a', version: 1 };
    const b = { name: 'b', subject: 'b', version: 1 };
    expect(sameSchema(schema('JSON', '{}', [a, b]), schema('JSON', '{}', [b, a]))).toBe(true);
    expect(sameSchema(schema('JSON', '{}', [a]), schema('JSON', '{}', [{ ...a, version: 2 }]))).toBe(false);
    expect(sameSchema(schema('JSON', '"a"'), schema('AVRO', '"a"'))).toBe(false);
  });

  it('has names that mean the same in what it imports', () => {
    const imported = schema('PROTOBUF', 'syntax = "proto3"; package a.b; message Money {}');
    const file = (name: string) =>
      schema('PROTOBUF', `syntax = "proto3"; package a.c; import "m.proto"; message P { ${name} m = 1; }`);
    const same = (one: string, other: string, known: Schema[]) =>
      sameSchema(file(one), file(other), () => known);
    expect(same('b.Money', '.a.b.Money', [imported])).toBe(true);
    expect(same('b.Coin', 'b.Coin', [imported])).toBe(true);
    expect(same('b.Money', '.a.c.b.Money', [imported])).toBe(false);
  });

  it.each([
    [
      'PROTOBUF',
      'enum E { reserved 2, 5 to 7, "OLD"; A = 0; }',
      'enum E { A = 0; }',
      ['reserved "OLD" of .E', 'reserved 2 of .E', 'reserved 5 to 7 of .E'],
    ],
    [
      'PROTOBUF',
      'message A { optional string s = 1 [deprecated = true]; }',
      'message A { optional string s = 1; }',
      ['option deprecated of .A.s'],
    ],
    [
      'JSON',
      '{"maximum":0.12345678901234567891}',
      '{"maximum":0.12345678901234568}',
      ['digits of 0.12345678901234567891'],
    ],
  ])('%s says what a registry has left out of %s', (type, from, made, what) => {
    expect(compareSchemas(schema(type, made), schema(type, from))).toEqual({ kind: 'dropped', what });
    // Nothing is left out by adding it.
    expect(compareSchemas(schema(type, from), schema(type, made))).toEqual({ kind: 'other' });
  });

  it('survives any order of keys and any spaces', () => {
    const shuffled = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(shuffled)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .map(([key, item]): [string, unknown] => [key, shuffled(item)])
                .reverse(),
            )
          : value;
    fc.assert(
      fc.property(fc.json(), (text) => {
        const other = JSON.stringify(shuffled(JSON.parse(text)), null, 2);
        return sameSchema(schema('JSON', text), schema('JSON', other));
      }),
    );
  });
});

describe('the id in the wire format', () => {
  it('is what a byte 0 and four bytes say', () => {
    expect(schemaIdOf(Buffer.from([0, 0, 0, 1, 2, 9]))).toBe(258);
    expect(schemaIdOf(Buffer.from([0, 0xff, 0xff, 0xff, 0xff]))).toBe(0xffff_ffff);
    for (const none of [null, Buffer.alloc(0), Buffer.alloc(4), Buffer.from([1, 0, 0, 0, 1])])
      expect(schemaIdOf(none)).toBeUndefined();
  });

  it('is replaced in place, and nothing else is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(), (bytes, to) => {
        const value = Buffer.from([0, 0, 0, 0, 7, ...bytes]);
        putSchemaId(value, to);
        expect(schemaIdOf(value)).toBe(to);
        expect(value.subarray(5)).toEqual(Buffer.from(bytes));
      }),
    );
  });
});
