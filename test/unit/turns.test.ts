import { expect, it } from '@jest/globals';
import { Turns } from '../../src/parallel/turns.js';

it('lets so many run at a time, in the order in which they came, also after one has failed', async () => {
  const turns = new Turns(2);
  const began: number[] = [];
  const ends: (() => void)[] = [];
  const all = [0, 1, 2, 3].map((at) =>
    turns.run(async () => {
      began.push(at);
      await new Promise<void>((resolve) => (ends[at] = resolve));
      if (at === 0) throw new Error('failed');
      return at;
    }),
  );
  const failed = expect(all[0]).rejects.toThrow('failed');
  expect(began).toEqual([0, 1]);
  ends[0]?.();
  await failed;
  expect(began).toEqual([0, 1, 2]);
  ends[2]?.();
  await all[2];
  ends[1]?.();
  ends[3]?.();
  expect(await Promise.all(all.slice(1))).toEqual([1, 2, 3]);
});
