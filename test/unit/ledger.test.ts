import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LedgerStrategy } from '../../lab/ledger/contract.js';
import {
  type ConsumerEntry,
  journalName,
  type Outcome,
  type ProducerEntry,
} from '../../lab/ledger/entries.js';
import { Journal } from '../../lab/ledger/journal.js';
import { decode, encode } from '../../lab/ledger/message.js';
import { Numbering } from '../../lab/ledger/numbering.js';
import { Pace } from '../../lab/ledger/pace.js';
import type { Side } from '../../lab/ledger/settings.js';
import { ledgerVerdict, type VerdictOptions } from '../../lab/ledger/verdict.js';

let folder: string;
let clock = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ledger-'));
  clock = 1_000;
});

afterEach(() => rm(folder, { recursive: true }));

/** One key, so that the number of a message is its sequence. */
class WrittenBy {
  readonly path: string;
  private readonly journal: Journal<ProducerEntry>;
  private batch = 0;
  private number = 0;

  constructor(readonly name = 'web') {
    this.path = join(folder, journalName('producer', name));
    this.journal = new Journal(this.path);
    this.journal.append({
      is: 'producer',
      at: clock++,
      name,
      topics: { source: 'orders', target: 'orders.v2' },
    });
  }

  write(count: number, to: Side[] = ['source'], outcomes: Outcome[] = to.map(() => 'committed')): this {
    const numbers = Array.from({ length: count }, () => ++this.number);
    const batch = ++this.batch;
    this.journal.append({
      is: 'batch',
      at: clock++,
      batch,
      to,
      from: numbers[0] ?? 0,
      keys: numbers.map(() => 0),
      sequences: numbers,
    });
    outcomes.forEach((outcome, index) =>
      this.journal.append({ is: 'outcome', at: clock++, batch, side: to[index] ?? 'source', outcome }),
    );
    return this;
  }
}

class ReadBy {
  readonly path: string;
  readonly journal: Journal<ConsumerEntry>;
  private batch = 0;

  constructor(
    group = 'billing',
    {
      member = '1',
      readCommitted = true,
      topic = 'orders',
    }: { member?: string; readCommitted?: boolean; topic?: string } = {},
  ) {
    this.path = join(folder, journalName('consumer', group, member));
    this.journal = new Journal(this.path);
    const topics = { source: [topic], target: [`${topic}.v2`] };
    this.journal.append({ is: 'consumer', at: clock++, group, member, readCommitted, topics });
  }

  process(numbers: number[], side: Side = 'source', producer = 'web'): this {
    const batch = ++this.batch;
    const keys = numbers.map(() => 0);
    this.journal.append({
      is: 'read',
      at: clock++,
      batch,
      side,
      producer,
      numbers,
      keys,
      sequences: numbers,
    });
    return this;
  }

  commit(side: Side = 'source'): this {
    this.journal.append({ is: 'committed', at: clock++, side, batch: this.batch });
    return this;
  }

  join(side: Side = 'source'): this {
    this.journal.append({ is: 'joined', at: clock++, side });
    return this;
  }
}

function verdict(strategy: LedgerStrategy = 'simplestCase', options: Partial<VerdictOptions> = {}) {
  return ledgerVerdict({ folder, strategy, ...options });
}

describe('the ledger finds the promise kept', () => {
  it('when every acknowledged message was processed once and in order, across the switch', async () => {
    new WrittenBy().write(3).write(2, ['target']);
    new ReadBy().join().process([1, 2, 3]).commit().join('target').process([4, 5], 'target').commit('target');
    const found = await verdict();
    expect(found).toMatchObject({ promiseHeld: true, faults: [], lost: 0, duplicates: 0, reordered: 0 });
    expect(found.produced).toEqual({
      acknowledged: 5,
      aborted: 0,
      uncertain: 0,
      to: { source: 3, target: 2, both: 0 },
    });
    expect(found.groups[0]).toMatchObject({ processed: 5, processedFrom: { source: 3, target: 2 } });
  });

  it('when aborted messages are missing and uncertain ones are either', async () => {
    new WrittenBy()
      .write(2)
      .write(2, ['source'], ['aborted'])
      .write(2, ['source'], ['uncertain'])
      .write(2, ['source'], []);
    new ReadBy().process([1, 2, 5]).commit();
    const found = await verdict();
    expect(found.promiseHeld).toBe(true);
    expect(found.produced).toMatchObject({ acknowledged: 2, aborted: 2, uncertain: 4 });
    expect(found.groups[0]).toMatchObject({ uncertainSeen: 1, lost: 0 });
  });

  it('when a message that one of two clusters acknowledged is missing', async () => {
    new WrittenBy().write(1).write(1, ['source', 'target'], ['committed', 'uncertain']);
    new ReadBy().process([1]).commit();
    expect(await verdict('doubleProducer')).toMatchObject({ promiseHeld: true, produced: { uncertain: 1 } });
  });

  it('when missing messages were not promised to the group', async () => {
    new WrittenBy().write(2).write(2);
    new ReadBy().process([3, 4]).commit();
    const found = await verdict('simplestCase', { notPromised: (_, { number }) => number <= 2 });
    expect(found).toMatchObject({ promiseHeld: true, lost: 0 });
    expect(found.groups[0]?.notPromised).toBe(2);
    expect(await verdict('simplestCase', { notPromised: (_, { at }) => at === 0 })).toMatchObject({
      lost: 2,
    });
  });

  it('when a group does not read the topic of a producer', async () => {
    new WrittenBy().write(2);
    new ReadBy().process([1, 2]).commit();
    new ReadBy('other', { topic: 'payments' });
    const found = await verdict();
    expect(found.groups.map(({ lost }) => lost)).toEqual([0, 0]);
    expect(found.faults).toEqual([
      'The group other reads no topic that a producer wrote to, so nothing was tested.',
    ]);
  });
});

describe('the ledger catches', () => {
  it('a lost message', async () => {
    new WrittenBy().write(4);
    new ReadBy().process([1, 2, 4]).commit();
    const found = await verdict();
    expect(found).toMatchObject({ promiseHeld: false, lost: 1 });
    expect(found.faults).toEqual(['billing: 1 message never processed.']);
    expect(found.groups[0]?.examples['lost']).toEqual([{ producer: 'web', number: 3, key: 0, sequence: 3 }]);
  });

  it('a message lost by one of two groups', async () => {
    new WrittenBy().write(2);
    new ReadBy('billing').process([1, 2]).commit();
    new ReadBy('audit').process([1]).commit();
    expect((await verdict()).groups.map(({ group, lost }) => [group, lost])).toEqual([
      ['audit', 1],
      ['billing', 0],
    ]);
  });

  it('a message processed twice from one cluster', async () => {
    new WrittenBy().write(2);
    new ReadBy().process([1, 2, 2]).commit();
    expect(await verdict()).toMatchObject({ promiseHeld: false, duplicates: 1, reordered: 0 });
  });

  it('a message processed twice in one uncommitted stretch', async () => {
    new WrittenBy().write(2);
    new ReadBy().join().process([1, 2]).process([2]).commit();
    expect(await verdict()).toMatchObject({ promiseHeld: false, duplicates: 1, redelivered: 0 });
  });

  it('a group that starts too early on the target', async () => {
    new WrittenBy().write(3).write(1, ['target']);
    new ReadBy().process([1, 2, 3]).commit().join('target').process([3, 4], 'target').commit('target');
    expect(await verdict('simpleMirroring')).toMatchObject({ promiseHeld: false, duplicates: 1 });
  });

  it('doubles where producers did not write both, or more than one from a cluster', async () => {
    new WrittenBy().write(2).write(2, ['source', 'target']);
    new ReadBy()
      .process([1, 2, 3, 4])
      .commit()
      .join('target')
      .process([2, 3, 4, 4], 'target')
      .commit('target');
    const found = await verdict('doubleProducer');
    expect(found).toMatchObject({ promiseHeld: false, duplicates: 2, duplicatesAllowed: 2 });
    expect(found.groups[0]?.examples['duplicates']?.map(({ number }) => number)).toEqual([2, 4]);
  });

  it('doubles by a strategy whose producers never write both', async () => {
    new WrittenBy().write(1, ['source', 'target']);
    new ReadBy().process([1]).commit().process([1], 'target').commit('target');
    expect(await verdict('doubleConsumers')).toMatchObject({ promiseHeld: false, duplicates: 1 });
  });

  it.each([
    'simplestCase',
    'doubleProducer',
    'doubleConsumers',
    'simpleMirroring',
    'advancedMirroring',
  ] as const)('a swap within a cluster (%s)', async (strategy) => {
    new WrittenBy().write(3);
    new ReadBy().process([1, 3, 2]).commit();
    const found = await verdict(strategy);
    expect(found).toMatchObject({
      promiseHeld: false,
      reordered: 1,
      reorderedAllowed: 0,
      lost: 0,
      duplicates: 0,
    });
    expect(found.groups[0]?.examples['reordered']?.[0]?.number).toBe(2);
  });

  it('a swap between the clusters where order is kept overall, and only there', async () => {
    new WrittenBy().write(2).write(2, ['target']);
    new ReadBy()
      .process([1])
      .process([3], 'target')
      .process([2])
      .process([4], 'target')
      .commit()
      .commit('target');
    expect(await verdict('simplestCase')).toMatchObject({
      promiseHeld: false,
      reordered: 1,
      reorderedAllowed: 0,
    });
    expect(await verdict('doubleConsumers')).toMatchObject({
      promiseHeld: true,
      reordered: 0,
      reorderedAllowed: 1,
    });
    expect(await verdict('advancedMirroring')).toMatchObject({ promiseHeld: false, reordered: 1 });
    expect(await verdict('advancedMirroring', { within: 'cluster' })).toMatchObject({ promiseHeld: true });
  });

  it('a target message that comes after later ones of the source', async () => {
    new WrittenBy().write(1, ['target']).write(1);
    new ReadBy().process([2]).process([1], 'target').commit().commit('target');
    expect(await verdict('doubleConsumers')).toMatchObject({ promiseHeld: false, reordered: 1 });
  });

  it('an aborted message that a group reading committed has processed', async () => {
    new WrittenBy().write(1).write(1, ['source'], ['aborted']);
    new ReadBy().process([1, 2]).commit();
    new ReadBy('peek', { readCommitted: false }).process([1, 2]).commit();
    const found = await verdict();
    expect(found).toMatchObject({ promiseHeld: false, abortedSeen: 1 });
    expect(found.faults).toEqual(['billing: 1 message processed though their transaction was aborted.']);
  });

  it('a message that no producer has written', async () => {
    new WrittenBy().write(1);
    new ReadBy().process([1, 2]).process([1], 'source', 'stranger').commit();
    const found = await verdict();
    expect(found.promiseHeld).toBe(false);
    expect(found.groups[0]?.unknown).toBe(2);
  });

  it('a message whose key or sequence was changed on the way', async () => {
    new WrittenBy().write(2);
    const { journal } = new ReadBy();
    journal.append({
      is: 'read',
      at: 1,
      batch: 1,
      side: 'source',
      producer: 'web',
      numbers: [1, 2],
      keys: [0, -1],
      sequences: [7, 2],
    });
    const found = await verdict();
    expect(found.promiseHeld).toBe(false);
    expect(found.groups[0]?.altered).toBe(2);
  });

  it('history on the target where none is promised', async () => {
    new WrittenBy().write(1);
    new ReadBy().process([1], 'target').commit('target');
    expect(await verdict('simplestCase')).toMatchObject({ promiseHeld: false, lost: 0 });
    expect(await verdict('simpleMirroring')).toMatchObject({ promiseHeld: true });
  });

  it('a run in which nothing happened', async () => {
    expect((await verdict()).faults).toHaveLength(2);
    new WrittenBy();
    new ReadBy();
    expect(await verdict()).toMatchObject({ promiseHeld: false });
    expect((await verdict('simplestCase', { groups: ['billing', 'audit'] })).faults).toContain(
      'The group audit has no journal.',
    );
  });
});

describe('what comes again after a crash', () => {
  it('is counted apart when its commit was not confirmed', async () => {
    new WrittenBy().write(4);
    new ReadBy().join().process([1, 2]).commit().process([3]).join().process([3, 4]).commit();
    expect(await verdict()).toMatchObject({ promiseHeld: true, redelivered: 1, duplicates: 0, reordered: 0 });
  });

  it('is a duplicate when it was committed', async () => {
    new WrittenBy().write(3);
    new ReadBy().join().process([1, 2]).commit().join().process([2, 3]).commit();
    expect(await verdict()).toMatchObject({ promiseHeld: false, redelivered: 0, duplicates: 1 });
  });

  it('may come again only once for each crash', async () => {
    new WrittenBy().write(1);
    new ReadBy().join().process([1]).join().process([1]).process([1]).commit();
    expect(await verdict()).toMatchObject({ redelivered: 1, duplicates: 1 });
  });

  it('is known by the next process and by other members of the group', async () => {
    new WrittenBy().write(2);
    new ReadBy('billing').join().process([1, 2]);
    new ReadBy('billing').join().process([1]);
    new ReadBy('billing', { member: '2' }).join().process([2]).commit();
    expect(await verdict()).toMatchObject({ promiseHeld: true, redelivered: 2, duplicates: 0 });
  });

  it('does not excuse what comes out of order', async () => {
    new WrittenBy().write(4);
    new ReadBy().join().process([1, 2]).join().process([1, 2, 4, 3]).commit();
    expect(await verdict()).toMatchObject({ promiseHeld: false, redelivered: 2, reordered: 1 });
  });
});

it('judges members of a group as one, in the order of time', async () => {
  new WrittenBy().write(4);
  const first = new ReadBy('billing', { member: '1' });
  const second = new ReadBy('billing', { member: '2' });
  first.process([1, 2]);
  second.process([3]);
  first.process([4]);
  first.commit();
  second.commit();
  const found = await verdict();
  expect(found.groups).toHaveLength(1);
  expect(found).toMatchObject({ promiseHeld: true, reordered: 0 });
});

it('leaves out the torn last line of a writer that was killed, and starts a new line after it', async () => {
  const written = new WrittenBy().write(2);
  const read = new ReadBy().process([1]);
  await appendFile(written.path, '{"is":"batch","at":9,"batch":2,"to":["sour');
  await appendFile(read.path, '{"is":"read","at":9,"batch":2,"numb');
  expect(await verdict()).toMatchObject({ lost: 1, produced: { acknowledged: 2, uncertain: 0 } });
  new ReadBy().join().process([1, 2]).commit();
  expect(await verdict()).toMatchObject({ promiseHeld: true, redelivered: 1 });
});

it('goes on numbering where the journal of a producer ends', async () => {
  const path = join(folder, journalName('producer', 'web'));
  const journal = new Journal<ProducerEntry>(path);
  const first = (await Numbering.resume('web', 2, path)).next(3);
  expect(first.messages.map(({ key, sequence }) => [key, sequence])).toEqual([
    [0, 1],
    [1, 1],
    [0, 2],
  ]);
  journal.append({
    is: 'batch',
    at: 1,
    batch: first.batch,
    to: ['source'],
    from: 1,
    keys: first.messages.map(({ key }) => key),
    sequences: first.messages.map(({ sequence }) => sequence),
  });
  const second = (await Numbering.resume('web', 2, path)).next(2);
  expect(second).toEqual({
    batch: 2,
    messages: [
      { producer: 'web', number: 4, key: 1, sequence: 2 },
      { producer: 'web', number: 5, key: 0, sequence: 3 },
    ],
  });
});

describe('a message', () => {
  const message = { producer: 'web', number: 12, key: 3, sequence: 4 };
  const received = (headers: boolean, key = 'k3') => {
    const { value, headers: sent } = encode(message, 200, headers);
    return { key: Buffer.from(key), value: Buffer.from(value), headers: sent };
  };

  it.each([true, false])('comes back as it was written (headers: %s)', (headers) => {
    expect(decode(received(headers))).toEqual(message);
    expect(encode(message, 200, headers).value).toHaveLength(200);
  });

  it('shows a changed key or header, and is nothing when no ledger wrote it', () => {
    expect(decode(received(false, 'other'))?.key).toBe(-1);
    expect(decode({ ...received(true), headers: { 'ledger-id': Buffer.from('web:13') } })?.key).toBe(-1);
    expect(decode({ key: null, value: Buffer.from('{"id":"web"}') })).toBeUndefined();
    expect(decode({ key: null, value: null })).toBeUndefined();
  });
});

it('spreads transactions and aborts evenly', () => {
  const pace = new Pace({ transactions: { share: 0.5, aborted: 0.25 } });
  expect(Array.from({ length: 8 }, () => pace.manner())).toEqual([
    'plain',
    'transaction',
    'plain',
    'transaction',
    'plain',
    'transaction',
    'plain',
    'abort',
  ]);
});

it('judges a million messages of three groups', async () => {
  const size = 1_000;
  const written = new WrittenBy();
  const groups = ['a', 'b', 'c'].map((group) => new ReadBy(group));
  for (let batch = 0; batch < 1_000; batch++) {
    written.write(size);
    const numbers = Array.from({ length: size }, (_, index) => batch * size + index + 1);
    for (const group of groups) group.process(numbers).commit();
  }
  expect(await verdict()).toMatchObject({ promiseHeld: true, produced: { acknowledged: 1_000_000 } });
});
