import { failed } from './failed-reporter.mjs';
import { lab } from './setup.mjs';

/** Takes the shared lab down; the servers' logs stay when a test has failed. */
export default function teardown() {
  lab('down', '--name', 'test', ...(failed() ? ['--keep-logs'] : []));
}
