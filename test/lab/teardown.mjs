import { setTimeout } from 'node:timers';
import process from 'node:process';
import { failed } from './failed-reporter.mjs';
import { lab } from './setup.mjs';

/** Takes the shared lab down; the servers' logs stay when a test has failed. */
export default function teardown() {
  lab('down', '--name', 'test', ...(failed() ? ['--keep-logs'] : []));
  // A test that has failed half way may leave a client that connects for ever: the run has its answer and ends.
  if (failed()) setTimeout(() => process.exit(1), 10_000).unref();
}
