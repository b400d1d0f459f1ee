import { expect, it, jest } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { Measuring } from '../../activities/kit/measuring.js';

/** A watch of one migration, and what all of them have told the worker's gauge. */
function watches(migration: string) {
  const told: number[] = [];
  return {
    told,
    begin: () => {
      const environment = new MockActivityEnvironment();
      const { metricMeter } = environment.context;
      const gauge = metricMeter.createGauge('lag', 'float');
      jest
        .spyOn(metricMeter, 'createGauge')
        .mockReturnValue({ ...gauge, set: (value: number) => void told.push(value) });
      const measuring = new Measuring(migration);
      return {
        sees: (left: number) =>
          environment.run(async () =>
            measuring.saw({ progress: { what: 'Draining', done: 0, all: left, perSecond: 0 } }),
          ),
        ends: () => environment.run(async () => measuring.unknown()),
      };
    },
  };
}

it('a watch that ends takes away what it told, and what is the same is told once', async () => {
  const { told, begin } = watches('one');
  const watch = begin();
  for (const left of [60, 60, 50]) await watch.sees(left);
  await watch.ends();
  await watch.ends();
  expect(told).toEqual([60, 50, NaN]);
  await watch.sees(50);
  expect(told.at(-1)).toBe(50);
});

it('a watch that hears late of its end takes away nothing that the next has told', async () => {
  const { told, begin } = watches('two');
  const [before, after] = [begin(), begin()];
  await before.sees(60);
  await after.sees(60);
  await before.ends();
  await after.sees(60);
  expect(told).toEqual([60, 60]);
  await after.ends();
  expect(told).toEqual([60, 60, NaN]);
});

it('a watch tells again what another has told otherwise, or taken away, since', async () => {
  const { told, begin } = watches('three');
  const [before, after] = [begin(), begin()];
  await after.sees(60);
  await before.sees(70);
  await after.sees(60);
  await before.sees(80);
  await before.ends();
  await after.sees(60);
  expect(told).toEqual([60, 70, 60, 80, NaN, 60]);
});
