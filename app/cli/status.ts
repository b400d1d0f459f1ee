import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { CommandFailure, exitCodes, type ExitCode } from './failure.js';
import { look, type Look } from './following.js';
import { statusLine, statusLines, waitsForPerson } from './status-text.js';
import { webLink } from '../connections/web-link.js';
import { withTemporal, type Temporal } from './temporal.js';
import { addVerb, configured, run, type CommonOptions, type Surroundings } from './verb.js';

const lookAgainMs = 1000;

export function addStatus(program: Command, surroundings: Surroundings): void {
  addVerb(
    program,
    'status',
    'Where a migration is, what it waits for, and the commands that bring it on.',
    'ferry status orders --watch',
  )
    .argument('<name>', 'the name of the migration')
    .option('--watch', 'show changes until it has ended')
    .action((name: string, options: CommonOptions & { watch?: boolean }) =>
      run(surroundings, options, () =>
        withTemporal(configured(surroundings, options, true).temporal, (temporal) =>
          options.watch
            ? watch(surroundings, options, temporal, name)
            : look(temporal, name).then((seen) => show(surroundings, options, temporal, seen)),
        ),
      ),
    );
}

function show({ terminal }: Surroundings, { json }: CommonOptions, temporal: Temporal, seen: Look): ExitCode {
  const url = webLink(temporal.settings, seen.workflowId);
  if (json) terminal.print(asJson(seen, url));
  else {
    const { text, styles } = drawn(seen, url, new Date(), terminal.width);
    terminal.print(text, styles);
  }
  return exitCodeOf(seen);
}

/** Looks until the migration has ended; a worker or a server that is away for a while is told and waited for. */
async function watch(
  { terminal }: Surroundings,
  { json }: CommonOptions,
  temporal: Temporal,
  name: string,
): Promise<ExitCode> {
  const redraws = terminal.redraws && !json;
  let last = '';
  for (;;) {
    const seen = await look(temporal, name).catch((error: unknown) => {
      const failure = temporal.refusal(error);
      if (failure?.type === 'Unreachable' || failure?.type === 'Unexpected') return failure;
      throw error;
    });
    if (seen instanceof CommandFailure) {
      if (last !== seen.message) for (const sentence of seen.sentences) terminal.complain(sentence);
      last = seen.message;
    } else {
      const url = webLink(temporal.settings, seen.workflowId);
      const now = new Date();
      if (redraws) {
        const { text, styles } = drawn(seen, url, now, terminal.width);
        terminal.redraw(text, styles);
      } else {
        // The time is not part of what changes.
        const text = json ? asJson(seen, url) : statusLine(seen.status, seen, now);
        const change = json ? text : text.slice(text.indexOf(' '));
        if (change !== last) terminal.print(text);
        last = change;
      }
      if (seen.status.outcome) return exitCodeOf(seen);
    }
    await sleep(lookAgainMs);
  }
}

function drawn(seen: Look, link: string | undefined, now: Date, width: number | undefined) {
  const lines = statusLines(seen.status, { ...seen, link }, now, width);
  return { text: lines.map(({ text }) => text).join('\n'), styles: lines.map(({ style }) => style) };
}

function asJson({ status, live, troubles }: Look, url: string | undefined): string {
  return JSON.stringify({ ...status, live, troubles, ...(url !== undefined && { url }) });
}

const exitCodeOf = ({ status }: Look): ExitCode =>
  waitsForPerson(status) ? exitCodes.waiting : exitCodes.done;
