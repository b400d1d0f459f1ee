import {
  defineQuery,
  defineSignal,
  defineUpdate,
  setDefaultSignalHandler,
  setHandler,
} from '@temporalio/workflow';
import { fleetMessages, fleetStatusQuery, type FleetMessage } from '../../src/fleet/messages.js';
import type { FleetStatus } from '../../src/fleet/status.js';
import { reportSignal } from '../../src/migration/membership.js';
import { refused } from '../steps/refused.js';
import type { Running } from './running.js';

/** Every message twice, as migrations have it: as an update, which answers, and as a signal of the same name. */
export function listen(run: Running): void {
  setHandler(defineQuery<FleetStatus>(fleetStatusQuery), () => run.status(), {
    description: 'Waves and migrations, who is waited for and since when, and what can be sent.',
  });
  setHandler(defineSignal<[unknown?]>(reportSignal), (input) => run.reported(input), {
    description: 'Of migrations alone: what has changed of them.',
  });
  const names = Object.keys(fleetMessages) as FleetMessage[];
  for (const name of names) {
    const description = fleetMessages[name];
    setHandler(defineSignal<[unknown?]>(name), (input) => run.hear(name, input), { description });
    setHandler(
      defineUpdate<{ answer: string; each: Record<string, string> }, [unknown]>(name),
      (input) => run.answer(name, input),
      {
        description,
        validator: (input) => {
          const { refusal } = run.judge(name, input);
          if (refusal !== undefined) throw refused(refusal);
        },
      },
    );
  }
  setDefaultSignalHandler((name) => run.ignore(name, `no such message; the names are ${names.join(', ')}`));
}
