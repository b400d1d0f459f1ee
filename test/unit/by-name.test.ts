import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { tableOf, tableWith, under } from '../../src/migration/by-name.js';
import { partitionsOfShare } from '../../src/migration/shares.js';

/** Legal names of Kafka that every plain object has an answer for, among others. */
const name = fc.oneof(
  fc.constantFrom(...Object.getOwnPropertyNames(Object.prototype)),
  fc.stringMatching(/^[\w.-]{1,20}$/),
);
const names = fc.uniqueArray(name, { minLength: 1, maxLength: 10 });

describe('a table by names', () => {
  it('holds what was put into it under any name, also on its way through JSON, and nothing else', () => {
    fc.assert(
      fc.property(names, name, (all, other) => {
        const table = tableWith<string>();
        for (const one of all) table[one] = `of ${one}`;
        const parsed: unknown = JSON.parse(JSON.stringify(table));
        const back = tableOf(z.string()).parse(parsed);
        for (const seen of [table, back, tableWith(back)]) {
          for (const one of all) expect(under(seen, one)).toBe(`of ${one}`);
          expect(under(seen, other)).toBe(all.includes(other) ? `of ${other}` : undefined);
          expect(Object.keys(seen)).toHaveLength(all.length);
        }
        expect(({} as Record<string, unknown>)['of']).toBeUndefined();
        expect(Object.getPrototypeOf({})).toBe(Object.prototype);
      }),
    );
  });

  it('refuses what is not of its shape', () => {
    for (const wrong of [null, [], 'text', { orders: 1 }])
      expect(tableOf(z.string()).safeParse(wrong).success).toBe(false);
  });
});

it('a mirror copies as many partitions of each topic as it has, whatever the topic is called', () => {
  fc.assert(
    fc.property(names, (all) => {
      const counts = tableWith<number>();
      // The last one has not been prepared.
      for (const one of all.slice(0, -1)) counts[one] = 3;
      const partitions = JSON.parse(JSON.stringify(counts)) as Record<string, number>;
      const topics = all.map((one) => ({ name: one })) as Parameters<typeof partitionsOfShare>[0]['topics'];
      const copied = partitionsOfShare({ topics }, partitions, { share: 0, shares: 1 });
      expect(copied).toHaveLength(3 * (all.length - 1));
    }),
  );
});
