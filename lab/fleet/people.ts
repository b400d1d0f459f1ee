import type { Client } from '@temporalio/client';
import type { FleetRow, FleetStatus } from '../../src/fleet/status.js';
import { workflowId } from '../../src/migration/messages.js';
import type { Status } from '../../src/migration/status.js';

/** Steps whose check can see nothing where nobody writes: a person says so instead. */
const unseen = ['producerWritesBoth', 'producerSwitched', 'consumerReadsBoth'];

const by = 'the demo';

/**
 * Plays the people of a fleet whose topics nobody uses any more: says what each migration waits for, and accepts what it
 * asks. Who has an application under load is left to the rehearsal.
 */
export async function sayWhatIsAsked(
  client: Client,
  fleet: FleetStatus,
  isOurs: (name: string) => boolean,
): Promise<void> {
  const rows = fleet.waves
    .flatMap(({ migrations }) => migrations)
    .filter(({ name, state }) => isOurs(name) && ['running', 'waiting', 'blocked'].includes(state));
  for (let at = 0; at < rows.length; at += 5)
    await Promise.all(rows.slice(at, at + 5).map((row) => answer(client, row)));
}

async function answer(client: Client, { name, state }: FleetRow): Promise<void> {
  const handle = client.workflow.getHandle(workflowId(name));
  try {
    const status = await handle.query<Status>('status');
    const message = whatToSay(status, state);
    if (message)
      await handle.executeUpdate<string, [unknown]>(message.message, {
        args: [{ ...message.input, by, ...('note' in message.input && { note: 'nobody uses it any more' }) }],
      });
  } catch {
    // The worker is killed on the way, and the migration goes on meanwhile: it is asked again.
  }
}

function whatToSay(
  { next, state, contradicted, steps }: Status,
  seen: string,
): Status['next'][number] | undefined {
  if (state === 'blocked')
    return (
      next.find(
        ({ message, input }) =>
          message === 'retry' && Array.isArray(input['accept']) && input['accept'][0] === '*',
      ) ??
      next.find(({ message, input }) => message === 'retry' && input['accept'] !== undefined) ??
      // What is wrong with a plan stays wrong; what is seen later may have passed.
      (steps.some(({ id, status }) => id === 'checkPlan' && status === 'done')
        ? next.find(({ message }) => message === 'retry')
        : undefined)
    );
  const override = next.find(({ input }) => input['override'] !== undefined);
  // What was measured cannot agree where nobody writes or reads: it is said again, without its check.
  if (override && (contradicted || unseen.some((step) => step === override.message))) return override;
  return seen === 'waiting' || state === 'waiting'
    ? next.find(({ input }) => input['override'] === undefined)
    : undefined;
}
