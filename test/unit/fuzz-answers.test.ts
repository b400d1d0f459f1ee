import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { assignedPartitions, subscribedTopics } from '../../src/kafka/wire/consumer-protocol.js';
import { apiVersionsV3 } from '../../src/kafka/wire/api-versions-v3.js';
import { saslAuthenticateV2 } from '../../src/kafka/wire/sasl-authenticate-v2.js';
import { saslHandshakeV1 } from '../../src/kafka/wire/sasl-handshake-v1.js';
import type { Api } from '../../src/kafka/wire/api.js';
import type { ClassicGroup } from '../../src/kafka/wire/describe-groups-v5.js';
import { FrameReceiver } from '../../src/kafka/wire/frames.js';
import { WireReader } from '../../src/kafka/wire/reader.js';
import { damagedOf, decodedOr, fuzzTimeoutMs, isOutOfRange, leaves, runs } from './fuzzing.js';
import { exchanges, type Captured } from './kafka-exchanges.js';

const captures = ['2.8.2', '3.9.1', '4.2.0', '4.3.1'].map(
  (version) =>
    JSON.parse(readFileSync(new URL(`fixtures/kafka/${version}.json`, import.meta.url), 'utf8')) as Captured,
);

/** Of each request all answers that were captured. */
const answers = exchanges.flatMap(({ name, api }): [string, Api<never, unknown>, Buffer[]][] => {
  const bytes = captures.flatMap(({ exchanges }) => exchanges[name]?.response ?? []);
  return [[name, api, bytes.map((response) => Buffer.from(response, 'base64'))]];
});

/** Answers that come before a broker has let anybody in, as `kafka-link.test.ts` sends them. */
const beginnings: [string, Api<never, unknown>, Buffer[]][] = [
  ['versions', apiVersionsV3, [Buffer.from('00000200030000000c000000000000', 'hex')]],
  [
    'versions, of a broker too old for the question',
    apiVersionsV3,
    [Buffer.from('002300000001001200000003', 'hex')],
  ],
  ['handshake', saslHandshakeV1, [Buffer.from('0000000000010005504c41494e', 'hex')]],
  ['authenticate', saslAuthenticateV2, [Buffer.from('0000000100000000000186a000', 'hex')]],
];

/** Values that one byte can stand for: an empty string in a row of a dozen fields at most. */
const leavesPerByte = 20;

describe.each([...answers, ...beginnings])('the answer to %s', (_, api, samples) => {
  const decode = (bytes: Buffer) => api.decode(new WireReader(bytes));

  test(
    'damaged in any way is read or refused, and never becomes more than its bytes can hold',
    () => {
      for (const whole of samples) decode(whole);
      fc.assert(
        fc.property(damagedOf(samples), ({ bytes }) => {
          const answer = decodedOr(isOutOfRange, () => decode(bytes));
          expect(leaves(answer)).toBeLessThanOrEqual(20 + leavesPerByte * bytes.length);
        }),
        { numRuns: Math.ceil(runs / 3) },
      );
    },
    fuzzTimeoutMs,
  );
});

test('a broker too old for the question how old it is says so', () => {
  const answer = apiVersionsV3.decode(new WireReader(Buffer.from('002300000001001200000003', 'hex')));
  expect(answer).toEqual({ code: 35, versions: [] });
});

test(
  'what members have written of themselves is read or refused',
  () => {
    const groups = captures.flatMap(({ exchanges: captured }) => {
      const exchange = exchanges.find(({ name }) => name === 'describe groups');
      const response = Buffer.from(captured['describe groups']?.response ?? '', 'base64');
      return exchange?.api.decode(new WireReader(response)) as ClassicGroup[];
    });
    const members = groups.flatMap(({ members }) => members);
    const samples = members.flatMap(({ metadata, assignment }) => [metadata, assignment]);
    expect(samples.length).toBeGreaterThanOrEqual(6);
    fc.assert(
      fc.property(damagedOf(samples), ({ bytes }) => {
        for (const decode of [subscribedTopics, assignedPartitions])
          expect(decodedOr<unknown[]>(isOutOfRange, () => decode(bytes))?.length ?? 0).toBeLessThanOrEqual(
            bytes.length,
          );
      }),
      { numRuns: runs },
    );
  },
  fuzzTimeoutMs,
);

test(
  'a connection gives frames as large as they say, or ends before it makes room for them',
  () => {
    const frame = (size: number) => {
      const bytes = Buffer.alloc(4 + size, 7);
      bytes.writeInt32BE(size);
      return bytes;
    };
    const samples = [[4], [5, 60, 4], [300, 1_000]].map((sizes) => Buffer.concat(sizes.map(frame)));
    fc.assert(
      fc.property(damagedOf(samples), fc.integer({ min: 1, max: 400 }), ({ bytes }, piece) => {
        let taken = 0;
        decodedOr(isOutOfRange, () => {
          const receiver = new FrameReceiver((frame) => (taken += 4 + frame.length));
          for (let at = 0; at < bytes.length;) {
            const { room } = receiver;
            const size = Math.min(piece, room.length, bytes.length - at);
            if (size === 0) throw new Error('no room for what comes next');
            bytes.copy(room, 0, at, at + size);
            receiver.received(size);
            at += size;
          }
        });
        expect(taken).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: Math.ceil(runs / 3) },
    );
  },
  fuzzTimeoutMs,
);
