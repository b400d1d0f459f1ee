import { describe, expect, test } from '@jest/globals';
import { addEvidence, summary } from '../../src/migration/evidence.js';
import { tooLargeToCarry } from '../../src/migration/carried-size.js';
import { parseMigration, type Migration } from '../../src/migration/file.js';
import type { Strategy } from '../../src/migration/strategies.js';
import { bytesOf } from '../../src/migration/size.js';
import type { Step } from '../../src/migration/state.js';

const step = (id: Step['id']): Step => ({ id, title: '', status: 'active', evidence: [] });
const numbers = (length: number) => Array.from({ length }, (_, at) => at);

describe('evidence', () => {
  test('is the latest of what a step has seen, and says how much came before', () => {
    const drain = step('drain');
    for (const at of numbers(30)) addEvidence(drain, { at: '', sentence: `${at}` });
    expect(drain.evidence.map(({ sentence }) => sentence)).toEqual(numbers(30).slice(18).map(String));
    expect(drain.leftOut).toBe(18);
  });

  test('holds the first items of what is long, and says how many it left out, however often it is summed up', () => {
    const table = Object.fromEntries(numbers(25).map((at) => [`t${at}`, at]));
    const once = summary({ many: numbers(1_000), table, few: ['a', { b: [1] }], text: 'x'.repeat(5_000) });
    expect(once).toEqual({
      many: [...numbers(20), { leftOut: 980 }],
      table: { ...Object.fromEntries(numbers(20).map((at) => [`t${at}`, at])), leftOut: 5 },
      few: ['a', { b: [1] }],
      text: `${'x'.repeat(1_999)}…`,
    });
    expect(summary(once)).toEqual(once);
  });

  test('of a deletion is whole, the latest of it', () => {
    const approved = step('deletionApproved');
    const manifest = numbers(1_000).map((at) => ({ topic: `t${at}` }));
    addEvidence(approved, { at: '1', sentence: '', data: { manifest } });
    expect(approved.evidence[0]?.data).toEqual({ manifest });
    addEvidence(approved, { at: '2', sentence: '', data: { manifest } });
    expect(approved.evidence[0]?.data).toEqual({ manifest: [...manifest.slice(0, 20), { leftOut: 980 }] });
    expect(approved.evidence[1]?.data).toEqual({ manifest });
  });
});

test('bytes are counted as they are stored', () => {
  for (const text of ['', 'orders', 'ü€', '😀', 'a"\\\n'])
    expect(bytesOf({ text })).toBe(Buffer.byteLength(JSON.stringify({ text })));
});

describe('what a migration would carry', () => {
  const migrationOf = (topics: number, groups: number, strategy: Strategy) => {
    const { migration } = parseMigration({
      ...{ name: 'm', strategy, source: 'a', target: 'b' },
      topics: numbers(topics).map((at) => ({ name: `orders-${at}` })),
      consumers: numbers(groups).map((at) => ({ group: `billing-${at}` })),
    });
    if (!migration) throw new Error('not a migration');
    return migration;
  };
  const counts = (migration: Migration, partitions: number) =>
    new Map(migration.topics.map(({ name }) => [name, partitions]));

  test('is accepted up to a thousand topics of twelve partitions with ten groups', () => {
    for (const strategy of ['simplestCase', 'doubleProducer', 'simpleMirroring'] as const) {
      const migration = migrationOf(1_000, 10, strategy);
      expect(tooLargeToCarry(migration, counts(migration, 12))).toEqual([]);
    }
  });

  test('is refused above that, with a division that is accepted', () => {
    const migration = migrationOf(3_000, 10, 'simpleMirroring');
    const [finding] = tooLargeToCarry(migration, counts(migration, 12));
    expect(finding).toMatchObject({
      weight: 'blocks',
      key: 'too-large',
      sentence: expect.stringMatching(
        /^3,000 topics with 36,000 partitions and 10 groups would have the migration carry 4\.\d MB from step to step, .* divide the file into \d, each with at most [\d,]+ topics\.$/,
      ),
    });
    const [, files = '', each = ''] =
      /into (\d), each with at most ([\d,]+) topics/.exec(finding!.sentence) ?? [];
    const share = Number(each.replace(',', ''));
    expect(Number(files) * share).toBeGreaterThanOrEqual(3_000);
    const part = migrationOf(share, 10, 'simpleMirroring');
    expect(tooLargeToCarry(part, counts(part, 12))).toEqual([]);
  });
});
