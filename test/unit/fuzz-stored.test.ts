import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkpointOf, offsetSyncOf } from '../../src/connect/checkpoints.js';
import { taskFailure } from '../../src/connect/task-failure.js';
import { parsedJson } from '../../src/http/client.js';
import { decodeChunk, encodeChunk, parseChunkKey } from '../../src/mirror/map-codec.js';
import type { Run } from '../../src/mirror/offset-map.js';
import { canonicalText } from '../../src/registry/canonical.js';
import { schemaIdOf } from '../../src/registry/wire-format.js';
import { damagedOf, decodedOr, ending, fuzzTimeoutMs, isSentence, runs } from './fuzzing.js';

const position = {
  sourceNext: 5_000,
  targetNext: 4_000,
  producerId: 7n,
  producerEpoch: 3,
  sourceEpoch: 2,
  sourceTopicId: 'AAAAAAAAAAAAAAAAAAAACQ',
  targetTopicId: null,
};
const chunks = [0, 1, 1024].map((runs) =>
  encodeChunk({
    position,
    runs: Array.from({ length: runs }, (_, i) => ({ source: 4 * i, target: 3 * i, length: 2 })),
  }),
);

test(
  'a chunk of the offset map that is damaged in any way is read or refused',
  () => {
    fc.assert(
      fc.property(damagedOf(chunks), fc.string(), ({ bytes }, key) => {
        const chunk = decodedOr(isSentence, () => decodeChunk(bytes));
        expect(chunk?.runs.length ?? 0).toBeLessThanOrEqual(bytes.length / 3);
        const counted = ({ source, target, length }: Run) =>
          length > 0 && Number.isSafeInteger(source + length) && Number.isSafeInteger(target + length);
        expect(chunk?.runs.every(counted) ?? true).toBe(true);
        ending(() => parseChunkKey(key));
      }),
      { numRuns: runs },
    );
  },
  fuzzTimeoutMs,
);

describe('a record of MirrorMaker that is damaged in any way', () => {
  const text = (value: string) => Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)]);
  const int32 = Buffer.from([0, 0, 0, 3]);
  const offset = Buffer.from([0, 0, 0, 0, 0, 0, 4, 0xb0]);
  const keys = [
    Buffer.concat([text('orders'), int32]),
    Buffer.concat([text('billing'), text('orders'), int32]),
  ];
  const values = [
    Buffer.concat([offset, offset]),
    Buffer.concat([Buffer.from([0, 0]), offset, offset, text('')]),
  ];

  test(
    'is a pair of offsets or none',
    () => {
      fc.assert(
        fc.property(damagedOf(keys), damagedOf(values), fc.nat(3), (key, value, intact) => {
          const record = {
            key: intact & 1 ? keys[key.sample]! : key.bytes,
            value: intact & 2 ? values[value.sample]! : value.bytes,
          };
          ending(() => checkpointOf(record));
          const sync = ending(() => offsetSyncOf(record));
          if (!sync) return;
          expect(sync.upstream >= 0n && sync.downstream >= 0n && sync.partition >= 0).toBe(true);
        }),
        { numRuns: runs },
      );
    },
    fuzzTimeoutMs,
  );
});

test(
  'what a key or a value begins with is an id of a schema or none',
  () => {
    const samples = [Buffer.from([0, 0, 0, 0, 7]), Buffer.from([0, 0, 0, 0, 7, 2, 0, 9])];
    fc.assert(
      fc.property(damagedOf(samples), ({ bytes }) => {
        const id = ending(() => schemaIdOf(bytes)) ?? 0;
        expect(id >= 0 && id < 2 ** 32).toBe(true);
      }),
      { numRuns: runs },
    );
  },
  fuzzTimeoutMs,
);

describe('a schema as a registry gives it', () => {
  const samples = [
    '{"type":"record","name":"Order","namespace":"a.b","fields":[{"name":"id","type":["null","long"],"default":null}]}',
    'syntax = "proto3"; // one\n/* two */ package a.b; message Order { string id = 1 [json_name = "x"]; }',
    '{"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"id":{"type":"string"}}}',
  ].map((text) => Buffer.from(text));
  const types = ['AVRO', 'PROTOBUF', 'JSON'];

  test(
    'that is damaged in any way has some text',
    () => {
      fc.assert(
        fc.property(damagedOf(samples), fc.constantFrom(...types), ({ bytes }, type) => {
          const text = bytes.toString();
          expect(ending(() => canonicalText({ type, text })).length).toBeLessThanOrEqual(
            100 + 4 * text.length,
          );
        }),
        { numRuns: runs },
      );
    },
    fuzzTimeoutMs,
  );

  test.each([
    ['brackets', '['.repeat(20_000) + ']'.repeat(20_000)],
    ['braces', '{"a":'.repeat(20_000) + '1' + '}'.repeat(20_000)],
    ['types', '{"type":'.repeat(20_000) + '"int"' + '}'.repeat(20_000)],
    ['comments that do not end', '/*'.repeat(500_000)],
    ['texts that do not end', '"\\'.repeat(500_000)],
  ])('of nothing but %s is no end of work', (_, text) => {
    for (const type of types) expect(typeof ending(() => canonicalText({ type, text }))).toBe('string');
  });
});

test('what Connect says of a task, and any other answer, is no end of work', () => {
  const trace = `org.apache.kafka.connect.errors.ConnectException: x\n${'a.'.repeat(200_000)}B`;
  expect(ending(() => taskFailure(trace)).type).toBe('Unexpected');
  expect(ending(() => taskFailure(`${' a'.repeat(200_000)}.Exception`)).type).toBe('Unexpected');
  expect(ending(() => parsedJson('['.repeat(1_000_000)))).toBeUndefined();
});
