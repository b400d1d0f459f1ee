import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defaultDataConverter } from '@temporalio/common';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { runFrom } from '../../app/connections/histories.js';
import type { Account } from '../../src/account/account.js';
import { accountOf } from '../../src/account/account-of.js';
import type { Happening, Histories, Run } from '../../src/account/happenings.js';

export const readAt = '2026-12-24T12:00:00.000Z';

/** A history that was recorded of a real Temporal server, as a report reads it. */
export async function recordedRun(file: string): Promise<Pick<Histories, 'runs' | 'gone'>> {
  const path = fileURLToPath(new URL(`../replay/histories/${file}.json`, import.meta.url));
  const history = historyFromJSON(JSON.parse(readFileSync(path, 'utf8')));
  const { run, before } = await runFrom('the-run', history, defaultDataConverter);
  return { runs: [run], ...(before !== undefined && { gone: { runId: before } }) };
}

export const recordedAccount = async (file: string): Promise<Account> =>
  accountOf({ workflowId: 'migrate/recorded', ...(await recordedRun(file)) }, readAt);

/** A run of which a test says what happened in it, a second after the other. */
export function runOf(file: unknown, happenings: Untimed[], changes: Partial<Run> = {}): Run {
  return {
    runId: 'run-1',
    startedAt: time(0),
    input: [file],
    happenings: happenings.map((one, index) => ({ at: time(index), ...one })),
    events: happenings.length,
    end: null,
    ...changes,
  };
}

type Untimed = Happening extends infer One ? (One extends Happening ? Omit<One, 'at'> : never) : never;

export const time = (seconds: number): string =>
  new Date(Date.parse('2026-12-01T00:00:00Z') + seconds * 1000).toISOString();

export const shown = (step: string | null, state = 'running'): Untimed => ({
  what: 'shown',
  memo: { step, state },
});

/** An activity that was asked and has answered. */
let asked = 0;
export const done = (activity: string, input: unknown, answer: unknown): Untimed[] => {
  const id = String((asked += 1));
  return [
    { what: 'asked', id, activity, input },
    { what: 'answered', id, answer },
  ];
};
