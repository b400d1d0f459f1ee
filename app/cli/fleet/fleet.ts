import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { FleetMessage } from '../../../src/fleet/messages.js';
import type { FleetStatus } from '../../../src/fleet/status.js';
import { named, oneLine } from '../../../src/migration/foreign-text.js';
import { fleetId } from '../../../src/migration/membership.js';
import { webLink } from '../../connections/web-link.js';
import { badInput, CommandFailure, exitCodes, type ExitCode } from '../failure.js';
import { osUser } from '../sending.js';
import { withTemporal, type Temporal } from '../temporal.js';
import { addVerb, configured, run, type CommonOptions, type Surroundings } from '../verb.js';
import { readFleetFile } from './fleet-file.js';
import { lookAtFleet, type FleetLook } from './look.js';
import { fleetLines } from './status-text.js';
import { sayToFleet, startFleet } from './temporal-fleet.js';

interface FleetOptions extends CommonOptions {
  watch?: boolean;
  by?: string;
  reason?: string;
  until?: string;
  anyway?: boolean;
}

/** What is said to a fleet, and whether it names a wave. */
const messages = {
  approve: { name: 'waveApproved', wave: 'required' },
  freeze: { name: 'freeze', wave: 'none' },
  thaw: { name: 'thaw', wave: 'none' },
  pause: { name: 'pause', wave: 'required' },
  resume: { name: 'resume', wave: 'required' },
  abort: { name: 'abort', wave: 'optional' },
  throttle: { name: 'throttle', wave: 'none' },
} as const satisfies Record<string, { name: FleetMessage; wave: 'required' | 'optional' | 'none' }>;

const whats = ['start', 'status', ...Object.keys(messages)];

/** What is of some verbs alone. */
const own = {
  until: ['freeze'],
  anyway: ['approve'],
  watch: ['status'],
  by: Object.keys(messages),
  reason: Object.keys(messages),
} as const satisfies Partial<Record<keyof FleetOptions, readonly string[]>>;

export function addFleet(program: Command, surroundings: Surroundings): void {
  addVerb(
    program,
    'fleet',
    'Migrations that run together in waves: start them, see them, and hold or hasten them.',
    [
      'ferry fleet start fleet.yaml',
      'ferry fleet status shop --watch',
      'ferry fleet approve shop wave-2 --reason "wave-1 went well"',
      'ferry fleet freeze shop --until 2026-12-24T08:00Z --reason "peak season"',
      'ferry fleet thaw shop',
      'ferry fleet pause shop wave-2 --reason "too many questions"',
      'ferry fleet throttle shop 200MB/s',
    ].join('\n'),
  )
    .argument('<what>', whats.join(', '))
    .argument('<name>', 'the name of the fleet; for start its file')
    .argument('[of]', 'approve, pause, resume, abort: the wave; throttle: the rate, such as 200MB/s or none')
    .option('--watch', 'status: show changes until it has ended')
    .option('--until <time>', 'freeze: until when, such as 2026-12-24T08:00Z')
    .option('--anyway', 'approve: begin at once, whatever the wave waits for')
    .option('--by <who>', 'who says so (default: the user of this machine)')
    .option('--reason <text>', 'why; kept with the fleet')
    .action((what: string, name: string, of: string | undefined, options: FleetOptions) =>
      run(surroundings, options, () => {
        if (!whats.includes(what)) throw badInput(`ferry fleet knows ${whats.join(', ')}, and no ${what}.`);
        insistOnMeant(what, of, options);
        if (what === 'start') return start(surroundings, options, name);
        if (what === 'status') return status(surroundings, options, name);
        return say(surroundings, options, { what: what as keyof typeof messages, name, of });
      }),
    );
}

/** A word that was dropped would have more done than was meant: the whole fleet frozen instead of a wave. */
function insistOnMeant(what: string, of: string | undefined, options: FleetOptions): void {
  const ofFleet = what in messages ? messages[what as keyof typeof messages].wave === 'none' : true;
  if (of !== undefined && ofFleet && what !== 'throttle')
    throw badInput(
      `ferry fleet ${what} is of the whole fleet: leave out ${named(of)}; ferry fleet pause and resume are of one wave.`,
    );
  for (const [option, verbs] of Object.entries(own) as [keyof typeof own, readonly string[]][])
    if (options[option] !== undefined && !verbs.includes(what))
      throw badInput(
        `ferry fleet ${what} takes no --${option}: leave it out; it is of ferry fleet ${verbs.join(', ')}.`,
      );
}

function start(surroundings: Surroundings, options: FleetOptions, file: string): Promise<ExitCode> {
  const config = configured(surroundings, options);
  const read = readFleetFile(file, config);
  return withTemporal(config.temporal, async (temporal) => {
    const started = await startFleet(temporal, read);
    const url = webLink(temporal.settings, started.workflowId);
    const { shape, members } = read.fleet;
    surroundings.terminal.print(
      options.json
        ? JSON.stringify({ started: { ...started, ...(url !== undefined && { url }) } })
        : [
            `Started ${shape.name}: ${members.length} migrations in ${shape.waves.length} waves. Next:`,
            `  ferry fleet status ${shape.name} --watch`,
            ...(url === undefined ? [] : [`  ${url}`]),
          ].join('\n'),
    );
    return exitCodes.done;
  });
}

const lookAgainMs = 2_000;

function status(surroundings: Surroundings, options: FleetOptions, name: string): Promise<ExitCode> {
  const { terminal } = surroundings;
  return withTemporal(configured(surroundings, options, true).temporal, async (temporal) => {
    const url = webLink(temporal.settings, fleetId(name));
    const show = (look: FleetLook, redraw: boolean): void => {
      if (options.json) return terminal.print(JSON.stringify({ ...look, ...(url !== undefined && { url }) }));
      const lines = fleetLines(look, url, new Date(), terminal.width);
      const text = lines.map((one) => one.text).join('\n');
      const styles = lines.map(({ style }) => style);
      if (redraw) terminal.redraw(text, styles);
      else terminal.print(text, styles);
    };
    if (!options.watch) {
      const look = await lookAtFleet(temporal, name);
      show(look, false);
      return exitCodeOf(look.status);
    }
    return watch(temporal, name, terminal, options, show);
  });
}

/** Looks until the fleet has ended; a worker or a server that is away for a while is told and waited for. */
async function watch(
  temporal: Temporal,
  name: string,
  terminal: Surroundings['terminal'],
  { json }: FleetOptions,
  show: (look: FleetLook, redraw: boolean) => void,
): Promise<ExitCode> {
  let last = '';
  for (;;) {
    const look = await lookAtFleet(temporal, name).catch((error: unknown) => {
      const failure = temporal.refusal(error);
      if (failure?.type === 'Unreachable' || failure?.type === 'Unexpected') return failure;
      throw error;
    });
    const redraws = terminal.redraws && !json;
    if (look instanceof CommandFailure) {
      if (last !== look.message) for (const sentence of look.sentences) terminal.complain(sentence);
      last = look.message;
    } else {
      const now = JSON.stringify(look.status);
      if (redraws || now !== last) show(look, redraws);
      last = now;
      if (look.status.outcome) return exitCodeOf(look.status);
    }
    await sleep(lookAgainMs);
  }
}

function exitCodeOf({ waiting, next, outcome }: FleetStatus): ExitCode {
  if (outcome) return outcome.others.length > 0 ? exitCodes.failed : exitCodes.done;
  return waiting.length > 0 || next.some(({ message }) => message === 'waveApproved')
    ? exitCodes.waiting
    : exitCodes.done;
}

interface Saying {
  what: keyof typeof messages;
  name: string;
  of: string | undefined;
}

function say(
  surroundings: Surroundings,
  options: FleetOptions,
  { what, name, of }: Saying,
): Promise<ExitCode> {
  const { name: message, wave } = messages[what];
  const input: Record<string, unknown> = {
    by: options.by ?? osUser(),
    ...(options.reason !== undefined && { reason: options.reason }),
    ...(what === 'freeze' && options.until !== undefined && { until: options.until }),
    ...(what === 'approve' && options.anyway && { anyway: true }),
    ...(what === 'throttle' && { rate: of === 'none' ? null : of }),
    ...(wave !== 'none' && of !== undefined && { wave: of }),
  };
  if (wave === 'required' && of === undefined)
    throw badInput(`Say which wave: ferry fleet ${what} ${name} WAVE.`);
  if (what === 'throttle' && of === undefined)
    throw badInput(`Say how fast: ferry fleet throttle ${name} 200MB/s, or none.`);
  if (what === 'freeze' && options.until === undefined)
    throw badInput(`Say until when: ferry fleet freeze ${name} --until 2026-12-24T08:00Z --reason "…".`);
  if (options.reason === undefined && ['approve', 'freeze', 'pause', 'abort'].includes(what))
    throw badInput('Say why: --reason "…"; it is kept with your name.');
  return withTemporal(configured(surroundings, options, true).temporal, async (temporal) => {
    const { answer, each } = await sayToFleet(temporal, name, message, input);
    surroundings.terminal.print(
      options.json
        ? JSON.stringify({ fleet: name, message, input, answer, each })
        : [`${name}: ${answer}`, ...Object.entries(each).map(([one, told]) => `  ${one}: ${told}`)]
            .map(oneLine)
            .join('\n'),
    );
    return exitCodes.done;
  });
}
