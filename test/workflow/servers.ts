import { TestWorkflowEnvironment } from '@temporalio/testing';
import { temporalCli } from '../../lab/temporal-cli.js';
import { timeSkippingServer } from '../../lab/time-skipping.js';

/** The server that skips time: a wait of weeks takes no time once somebody waits for its end. */
export async function skippingServer(): Promise<TestWorkflowEnvironment> {
  const path = await timeSkippingServer();
  return started(() =>
    TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path } } }),
  );
}

/** The development server, which is the real one. */
export async function realServer(...extraArgs: string[]): Promise<TestWorkflowEnvironment> {
  const path = await temporalCli();
  return started(() =>
    TestWorkflowEnvironment.createLocal({
      server: { executable: { type: 'existing-path', path }, extraArgs },
    }),
  );
}

/** Temporal's SDK gives a server five seconds to start, which a machine with much to do does not always keep. */
async function started(
  create: () => Promise<TestWorkflowEnvironment>,
  attempts = 10,
): Promise<TestWorkflowEnvironment> {
  try {
    return await create();
  } catch (error) {
    if (attempts <= 1 || !String(error).includes('did not start within')) throw error;
    return started(create, attempts - 1);
  }
}
