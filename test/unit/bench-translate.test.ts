import { describe, expect, it } from '@jest/globals';
import { judge } from '../../bench/translate/truth.js';

describe('the judge of translated offsets', () => {
  // Offsets 2 and 5 of the source hold no record; the copy has a marker at 3.
  const source = new Map([['t/0', [0, 1, 3, 4, 6]]]);
  const target = new Map([['c.t/0', [0, 1, 2, 4, 5]]]);
  const score = (committed: bigint, translated?: bigint) =>
    judge(
      new Map([['g', new Map([['t/0', committed]])]]),
      new Map([['g', new Map(translated === undefined ? [] : [['c.t/0', translated]])]]),
      source,
      target,
      (partition) => `c.${partition}`,
    );

  it.each([
    ['the same record', 1n, 1n],
    ['a hole on the source', 2n, 2n],
    ['a marker before the record on the target', 4n, 3n],
    ['the record behind the marker', 4n, 4n],
    ['the end', 7n, 6n],
  ])('%s is exact', (_, committed, translated) => {
    expect(score(committed, translated)).toMatchObject({ groupPartitions: 1, exact: 1, maxBehind: 0 });
  });

  it('counts the records that a group would be given again', () => {
    expect(score(7n, 1n)).toMatchObject({ exact: 0, behind: 1, maxBehind: 4 });
  });

  it('counts a translation that leaves records out', () => {
    expect(score(0n, 1n)).toMatchObject({ exact: 0, behind: 0, ahead: 1, maxBehind: 0 });
  });

  it('counts what was not translated', () => {
    expect(score(3n)).toMatchObject({ groupPartitions: 1, exact: 0, untranslated: 1 });
  });

  it('says nothing of a copy that is not whole', () => {
    const commits = new Map([['g', new Map([['t/0', 1n]])]]);
    expect(() => judge(commits, commits, source, new Map([['t/0', [0]]]), (partition) => partition)).toThrow(
      't/0 has 1 records, and t/0 has 5.',
    );
  });
});
