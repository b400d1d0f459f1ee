import { continueAsNew, proxyActivities, sleep } from '@temporalio/workflow';

interface Lag {
  lagOf(input: { group: string; topic: string }): Promise<string>;
}

const { lagOf } = proxyActivities<Lag>({ startToCloseTimeout: '1 minute' });

/** A wait for a group as a person would write it in a day: ask, sleep, and go on in a new run now and then. */
export async function waitForGroup(input: { group: string; topic: string }, everyMs: number): Promise<void> {
  for (let asked = 0; asked < 500; asked += 1) {
    if ((await lagOf(input)) === '0') return;
    await sleep(everyMs);
  }
  await continueAsNew<typeof waitForGroup>(input, everyMs);
}
