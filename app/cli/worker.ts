import type { Command } from 'commander';
import { exitCodes } from './failure.js';
import { addVerb, configured, run, type CommonOptions, type Surroundings } from './verb.js';

export function addWorker(program: Command, surroundings: Surroundings): void {
  addVerb(
    program,
    'worker',
    'Run migrations: execute what they ask of the clusters, until SIGTERM or SIGINT. Start as many as you like.',
    'ferry worker --config ferry.yaml',
  ).action((options: CommonOptions) =>
    run(surroundings, options, async () => {
      const config = configured(surroundings, options);
      // The native runtime takes a while to load, and no other verb needs it.
      const { runWorker } = await import('../worker/worker.js');
      await runWorker(config, { jsonLogs: options.json ?? false });
      return exitCodes.done;
    }),
  );
}
