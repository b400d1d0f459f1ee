/**
 * Whether the worker of this container lives, for `HEALTHCHECK` of the image: 0, or 1 with why. A worker that waits for
 * Temporal lives.
 */
import { readConfig } from '../config/config.js';

const { value } = readConfig({ environment: process.env });
const health = value?.worker.health;
const whyNot = async (): Promise<string | undefined> => {
  if (health === undefined) return 'ferry.yaml cannot be read, or names no worker.health.';
  // What listens everywhere is asked here.
  const address = health.replace(/^(0\.0\.0\.0|\[::\]):/, '127.0.0.1:');
  const answer = await fetch(`http://${address}/healthz`, { signal: AbortSignal.timeout(5_000) }).catch(
    () => undefined,
  );
  return answer?.ok ? undefined : `The worker does not answer at ${address}.`;
};

const why = await whyNot();
if (why !== undefined) console.error(why);
process.exitCode = why === undefined ? 0 : 1;
