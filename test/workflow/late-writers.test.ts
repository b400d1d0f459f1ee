import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { strategyNames, type Strategy } from '../../src/migration/strategies.js';
import { Migrations } from './migrations.js';
import type { TestMigration } from './test-migration.js';
import { ModelledSource, type LateWriter } from './modelled-source.js';

let migrations: Migrations;
beforeAll(async () => {
  migrations = await Migrations.onRealServer();
});
afterEach(() => migrations.clear());
afterAll(() => migrations.close());

/** Says what is asked for, and accepts what asks, until the migration has ended. */
async function sayYes(migration: TestMigration): Promise<void> {
  for (;;) {
    const { outcome, next, state } = await migration.until(
      (status) => status.outcome !== null || status.state === 'waiting' || status.state === 'blocked',
    );
    if (outcome) return;
    const said = next.find(({ input }) => state === 'waiting' || input.accept !== undefined) ?? next[0];
    // What was waited for may have passed meanwhile.
    if (said) await migration.say(said.message, said.input).catch(() => undefined);
  }
}

async function deletionOf(strategy: Strategy, writers: LateWriter[]) {
  const model = new ModelledSource(strategy, writers);
  const migration = await migrations.start(strategy, {}, (cluster) => model.answer(cluster));
  await sayYes(migration);
  return model.deletion;
}

const writer = fc.record({
  before: fc.integer({ min: 0, max: 14 }),
  records: fc.integer({ min: 1, max: 20 }),
  doubles: fc.boolean(),
});

it.each(strategyNames)(
  'whoever writes late, %s deletes what is nowhere else only by an answer that names the number',
  async (strategy) => {
    await fc.assert(
      fc.asyncProperty(fc.array(writer, { maxLength: 4 }), async (writers) => {
        const deletion = await deletionOf(strategy, writers);
        if (!deletion) throw new Error('the source was never deleted');
        const { lost, accepted } = deletion;
        // What a group has read before it left is counted as well, where nobody can tell it from what it has not.
        const named = strategy === 'doubleProducer' ? Math.max(...accepted) >= lost : accepted.includes(lost);
        expect({ lost, accepted, named: named || lost === 0 }).toMatchObject({ named: true });
      }),
      { numRuns: 6, endOnFailure: true },
    );
  },
);
