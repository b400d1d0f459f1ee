import {
  defineQuery,
  defineSignal,
  defineUpdate,
  setDefaultSignalHandler,
  setDefaultUpdateHandler,
  setHandler,
} from '@temporalio/workflow';
import { fleetSignal } from '../../src/migration/membership.js';
import {
  controls,
  factsQuery,
  messageDescription,
  statusQuery,
  type ControlName,
  type MessageName,
} from '../../src/migration/messages.js';
import { statusOf, type Status } from '../../src/migration/status.js';
import { isHumanStep } from '../../src/migration/strategies.js';
import type { Migration } from '../../src/migration/file.js';
import type { Facts } from '../../src/migration/state.js';
import { countRefused, refused } from './refused.js';
import type { Run } from './run.js';

/**
 * Registers the queries, and every message twice: as an update, which answers, and as a signal of the same name, for
 * tctl, for batches and for when no worker is up. Both are judged by the same function. Has to run before the first
 * await, so that nothing that was sent early is lost.
 */
export function listen(run: Run): void {
  setHandler(defineQuery<Status>(statusQuery), () => statusOf(run.state), {
    description: 'Where the migration is, what it waits for, what to send next, and the evidence so far.',
  });
  setHandler(
    defineQuery<{ migration: Migration; facts: Facts }>(factsQuery),
    () => ({ migration: run.state.migration, facts: run.state.facts }),
    { description: 'The migration as it is carried out, and what its steps hand to each other.' },
  );
  const names = () => [
    ...run.state.steps.map(({ id }) => id).filter(isHumanStep),
    ...(Object.keys(controls) as ControlName[]),
  ];
  for (const name of names()) listenFor(run, name);
  setHandler(defineSignal<[unknown?]>(fleetSignal), (input) => run.joins(input), {
    description: 'Of fleets alone: the fleet that this migration is in, and its hours.',
  });
  const unknown = () => `no such message; the names are ${names().join(', ')}`;
  setDefaultSignalHandler((name, input) =>
    isHumanStep(name) ? run.hear(name, input) : run.ignore(name, unknown()),
  );
  setDefaultUpdateHandler((name, input) => {
    const { refusal } = isHumanStep(name) ? run.judge(name, input) : { refusal: `${name}: ${unknown()}` };
    countRefused(name, 'update');
    throw refused(refusal ?? unknown());
  });
}

/** Also for a step that comes in when the migration runs: who asks for the names of messages then finds its own. */
export function listenFor(run: Run, name: MessageName): void {
  const description = messageDescription(name);
  setHandler(defineSignal<[unknown?]>(name), (input) => run.hear(name, input), { description });
  setHandler(defineUpdate<string, [unknown]>(name), (input) => run.answer(name, input), {
    description,
    validator: (input) => {
      const { refusal } = run.judge(name, input);
      if (refusal === undefined) return;
      countRefused(name, 'update');
      throw refused(refusal);
    },
  });
}
