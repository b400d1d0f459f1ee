import { afterEach, expect, jest, test } from '@jest/globals';
import { TailScans, type Tail } from '../../activities/drain/tail-scan.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { encodeBatch } from '../../src/kafka/records/encode.js';

const tail: Tail = { topic: 'orders', partition: 0, isolation: 'read_uncommitted', from: 1n, end: 2n };

afterEach(() => {
  jest.restoreAllMocks();
});

/** A log with one record at offset 1, until compaction takes it. */
function log() {
  const state = { compacted: false, fetches: 0 };
  const fetch: Cluster['fetch'] = async () => {
    state.fetches += 1;
    const record = { key: null, value: Buffer.from('left'), headers: [], timestamp: 1n };
    return new Map([
      [
        'orders/0',
        {
          value: {
            watermarks: { logStart: 0n, highWatermark: 2n, lastStable: 2n },
            batches: state.compacted
              ? encodeBatch([], { baseOffset: 1n, lastOffsetDelta: 0 })
              : encodeBatch([record], { baseOffset: 1n }),
            aborted: [],
            place: 'orders/0 on cluster "source"',
          },
        },
      ],
    ]);
  };
  return { state, cluster: { name: 'source', fetch } as unknown as Cluster };
}

test('a record that was found is looked for again, half as often each time, since compaction may take it', async () => {
  const { state, cluster } = log();
  const scans = new TailScans(cluster);
  const began = Date.now();
  const clock = jest.spyOn(Date, 'now');
  const asked: number[] = [];
  for (let seconds = 0; seconds <= 700; seconds += 5) {
    clock.mockReturnValue(began + seconds * 1000);
    const before = state.fetches;
    await scans.read([tail], 1);
    if (state.fetches > before) asked.push(seconds);
    expect(scans.known(tail)).toMatchObject({ kind: 'record', offset: 1n });
  }
  expect(asked).toEqual([0, 10, 30, 70, 150, 310, 470, 630]);

  state.compacted = true;
  clock.mockReturnValue(began + 790_000);
  await scans.read([tail], 1);
  expect(scans.known(tail)).toMatchObject({ kind: 'none', next: 2n });
});
