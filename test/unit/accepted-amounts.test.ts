import { expect, test } from '@jest/globals';
import { recordsThere } from '../../activities/offsets/offset-reading.js';
import { planSeed } from '../../activities/offsets/offset-seeds.js';
import { Placing } from '../../activities/offsets/placing.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { standing, type Finding } from '../../src/migration/findings.js';
import { migrationOf } from './migration-states.js';

const at = { topic: 'orders', partition: 0 };
const ends = (logStart: bigint, highWatermark: bigint) => ({
  ...{ ...at, logStart, highWatermark, lastStable: highWatermark },
});
const [move] = migrationOf({ consumers: [{ group: 'billing' }] }).consumers;

/** What is asked in looks that follow each other, by somebody who accepts all of it each time. */
function asked(...looks: readonly (readonly Finding[])[]) {
  const accepted: string[] = [];
  for (const found of looks) {
    accepted.push(...standing(found, accepted).map(({ key }) => key));
    expect(standing(found, accepted)).toEqual([]);
  }
  return accepted;
}

test('whoever accepts that the retention of the target took three offsets accepts no more', () => {
  const lost = (logStart: bigint) =>
    planSeed(
      {
        ...{ group: 'billing', members: 0, committed: new Map(), partitions: [ends(logStart, 9000n)] },
        ...{ made: new Map(), times: new Map(), hasOldMark: () => false },
      },
      { table: { orders: ['0'] }, decided: true },
      'aiven',
    ).findings;
  expect(asked(lost(3n), lost(3n))).toEqual(['expired-on-target:billing:orders+3@3']);
  expect(asked(lost(3n), lost(5003n))).toEqual([
    'expired-on-target:billing:orders+3@3',
    'expired-on-target:billing:orders+5003@5003',
  ]);
});

test('nor of what it took of a position that was translated', () => {
  const lost = (target: string, logStart: bigint) => {
    const placing = new Placing({ name: 'onprem' } as Cluster, { name: 'aiven' } as Cluster, (one) => one);
    const known = { ...at, source: '7', target, certainty: 'exact' } as const;
    placing.before(
      { ...at, group: 'billing', move: move!, commit: undefined, known },
      known,
      logStart,
      false,
    );
    return placing.findings().filter(({ key }) => key.startsWith('expired-'));
  };
  // As many again, and other ones.
  expect(asked(lost('0', 3n), lost('3', 6n))).toEqual([
    'expired-on-target:billing:orders/0+3@3',
    'expired-on-target:billing:orders/0+3@6',
  ]);
});

test('whoever accepts records on the target accepts those that come while he does, and not twice as many', () => {
  const held = (highWatermark: bigint) => recordsThere([ends(0n, highWatermark)], 'aiven', new Map());
  expect(asked(held(1n), held(1n))).toEqual(['records-on-target:orders+1']);
  expect(asked(held(1n), held(2n), held(501n))).toEqual([
    'records-on-target:orders+1',
    'records-on-target:orders+2',
    'records-on-target:orders+512',
  ]);
  // A topic that others write to has more at each look, and could never be accepted otherwise.
  expect(asked(held(501n), held(512n), held(513n))).toEqual([
    'records-on-target:orders+512',
    'records-on-target:orders+1024',
  ]);
});

test('a position of which nothing is known is asked about with its offset', () => {
  const unknown = (offset: bigint) => {
    const placing = new Placing({ name: 'onprem' } as Cluster, { name: 'aiven' } as Cluster, (one) => one);
    const commit = { offset, leaderEpoch: -1, metadata: '' };
    placing.anew(
      { ...at, group: 'billing', move: move!, commit, known: undefined },
      { certainty: 'unknown', behind: false, reason: 'it is gone' },
      ends(0n, 9n),
    );
    return placing.findings();
  };
  expect(asked(unknown(3n), unknown(4n))).toEqual([
    'offset-unknown:billing:orders/0@3',
    'offset-unknown:billing:orders/0@4',
  ]);
});
