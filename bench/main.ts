import { Command, InvalidArgumentError } from 'commander';
import { LabError } from '../lab/lab.js';
import { isFerryError } from '../src/migration/errors.js';
import { type Cutover, cutover } from './cutover.js';
import { type Mirror, mirror, mirrorDefaults, type MirrorOptions } from './mirror.js';
import { engines } from './mirror/engine.js';
import { type Parity, parity } from './parity.js';
import { table } from './report.js';
import { type Scale, scale } from './scale.js';
import { type Schemas, schemas } from './schemas.js';
import { type Translate, translate } from './translate.js';
import { type Waiting, waiting } from './waiting.js';

// Progress goes to the error stream, so that the result can be piped.
const say = (line: string) => console.error(line);

const program = new Command('bench')
  .description('Measures the ferry on real servers, each time beside a peer in the same run.')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .addHelpText('after', '\nExample:\n  npm run bench -- waiting --migrations 100 --json');

benchmark('waiting', 'what it costs when many migrations wait, and how soon a wait ends')
  .option('--migrations <n>', 'how many wait at once', amount, 300)
  .action(async ({ migrations, json }: { migrations: number; json?: boolean }) =>
    show(await waiting(migrations, say), printWaiting, json),
  );

benchmark('scale', 'how requests, time and history grow with the topics of one migration')
  .option('--topics <n,...>', 'how many topics the migrations have', amounts, [1, 50, 500])
  .action(async ({ topics, json }: { topics: number[]; json?: boolean }) =>
    show(await scale(topics, say), printScale, json),
  );

benchmark('schemas', 'how long it takes to copy schemas with their ids from one registry to another')
  .option('--versions <n>', 'how many versions there are', amount, 2_000)
  .action(async ({ versions, json }: { versions: number; json?: boolean }) =>
    show(await schemas(versions, say), printSchemas, json),
  );

benchmark('mirror', 'how fast topics are mirrored, and at what cost, beside MirrorMaker 2 and kafkajs')
  .option('--size <MB>', 'how much the largest topics hold', amount, mirrorDefaults.size)
  .option(
    '--topics <name,...>',
    `which topics: ${mirrorDefaults.topics.join(', ')}`,
    oneOf(mirrorDefaults.topics),
  )
  .option('--engines <name,...>', `which engines: ${engines.join(', ')}`, oneOf(engines))
  .option('--limit <s>', 'how long one engine may copy one topic', amount, mirrorDefaults.limit)
  .action(async ({ json, ...options }: Partial<MirrorOptions> & { json?: boolean }) =>
    show(await mirror({ ...mirrorDefaults, ...options }, say), printMirror, json),
  );

benchmark('translate', 'how exact translated offsets are, and how soon, beside MirrorMaker 2')
  .option('--group-partitions <n>', 'how many pairs of a group and a partition have a commit', amount, 10_000)
  .action(async ({ groupPartitions, json }: { groupPartitions: number; json?: boolean }) =>
    show(await translate(groupPartitions, say), printTranslate, json),
  );

benchmark(
  'cutover',
  'how long a group pauses that is moved under load, and what it gets twice, beside MirrorMaker 2',
)
  .option('--repetitions <n>', 'how often it is moved by each', amount, 3)
  .action(async ({ repetitions, json }: { repetitions: number; json?: boolean }) =>
    show(await cutover(repetitions, say), printCutover, json),
  );

benchmark('parity', 'how fast both clusters are compared, beside kafkajs consumers that hash what they read')
  .option('--size <MB>', 'how much the larger topic holds', amount, 300)
  .action(async ({ size, json }: { size: number; json?: boolean }) =>
    show(await parity(size, say), printParity, json),
  );

function benchmark(name: string, description: string): Command {
  return program.command(name).description(description).option('--json', 'print the result as JSON');
}

function amount(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 10_000)
    throw new InvalidArgumentError('expected a whole number from 1 to 10000.');
  return value;
}

function amounts(text: string): number[] {
  return text.split(',').map(amount);
}

function oneOf<Name extends string>(known: readonly Name[]): (text: string) => Name[] {
  return (text) =>
    text.split(',').map((name) => {
      const found = known.find((one) => one === name);
      if (!found) throw new InvalidArgumentError(`"${name}" is none of ${known.join(', ')}.`);
      return found;
    });
}

function show<Result>(result: Result, print: (result: Result) => string, json?: boolean): void {
  console.log(json ? JSON.stringify(result) : print(result));
}

function printWaiting(result: Waiting): string {
  const { migrations, detections, windowSeconds, goals, peer, ratio } = result;
  const costs = table(
    ['', 'ferry worker', 'polling with kafkajs', 'ratio'],
    [
      ['CPU, % of one core', String(result.cpuPercent), String(peer.cpuPercent), String(ratio.cpu)],
      ['memory (RSS), MB', String(result.rssMb), String(peer.rssMb), String(ratio.rss)],
    ],
  );
  return [
    `${migrations} migrations wait in one worker. Over ${windowSeconds} s:`,
    costs,
    `The peer polled each group ${peer.pollsPerGroupAndSecond} times a second.`,
    `A wait ends ${result.detectionMedianSeconds} s after the last commit (median of ${detections}; goal: under ${goals.detectionMedianSeconds} s), at most ${result.detectionMaxSeconds} s.`,
    `An hour of waiting adds ${result.eventsPerWaitingHour} events of history (goal: at most ${goals.eventsPerWaitingHour}).`,
  ].join('\n');
}

function printScale({ partitionsPerTopic, rows }: Scale): string {
  const measured = (phase: { requests: number; seconds: number }) =>
    `${phase.requests} in ${phase.seconds} s`;
  return [
    `One migration of topics with ${partitionsPerTopic} partitions, ${rows[0]?.groups ?? 0} groups. Requests, and how long they took together:`,
    table(
      [
        'topics',
        'plan',
        'prepare',
        'drain probe',
        'the next',
        'kafkajs, a probe',
        'ratio',
        'events',
        'history, KB',
        'largest, KB',
      ],
      rows.map((row) => [
        String(row.topics),
        measured(row.plan),
        measured(row.prepare),
        measured(row.probe),
        measured(row.nextProbe),
        measured(row.peer),
        String(row.ratio),
        String(row.historyEvents),
        String(Math.round(row.historyBytes / 1000)),
        String(Math.round(row.largestEventBytes / 1000)),
      ]),
    ),
  ].join('\n');
}

function printSchemas({ versions, subjects, latencyMs, rows, again, ratio }: Schemas): string {
  return [
    `${versions} schema versions in ${subjects} subjects, copied with their ids; each answer takes at least ${latencyMs} ms.`,
    table(
      ['', 'requests', 'seconds'],
      [...rows, { engine: 'ferry, again', ...again }].map(({ engine, requests, seconds }) => [
        engine,
        String(requests),
        String(seconds),
      ]),
    ),
    `The ferry is ${ratio} times as fast as one request after the other.`,
  ].join('\n');
}

function printMirror({ rows, ratios, goals }: Mirror): string {
  const text = (ratio: number | null) => (ratio === null ? '-' : String(ratio));
  return [
    "MB are 10⁶ bytes of the source's log; CPU and memory are those of the engine's process.",
    table(
      ['topic', 'engine', 'MB/s', 'records/s', 'CPU s/GB', 'peak RSS, MB'],
      rows.map((row) => [
        row.topic,
        row.complete ? row.engine : `${row.engine} (not to the end)`,
        String(row.mbPerSecond),
        String(row.recordsPerSecond),
        String(row.cpuSecondsPerGb),
        String(row.peakRssMb),
      ]),
    ),
    '',
    `The ferry's figures divided by those of others. Goals on large batches: MirrorMaker ${goals.vsMirrorMaker}, its CPU ${goals.cpuVsMirrorMaker}, limit ${goals.vsLimit}:`,
    table(
      ['topic', 'MirrorMaker', 'kafkajs', 'limit', 'CPU of MirrorMaker'],
      ratios.map((of) => [
        of.topic,
        text(of.vsMirrorMaker),
        text(of.vsKafkajs),
        text(of.vsLimit),
        text(of.cpuVsMirrorMaker),
      ]),
    ),
  ].join('\n');
}

function printTranslate({ offsetLagMax, intervalSeconds, rows }: Translate): string {
  return [
    `MirrorMaker with offset.lag.max ${offsetLagMax}; it translates and commits every ${intervalSeconds} s.`,
    table(
      ['', 'group-partitions', 'exact', 'behind', 'at most by', 'ahead', 'untranslated', 'seconds'],
      rows.map((row) => [
        row.engine,
        ...[row.groupPartitions, row.exact, row.behind, row.maxBehind, row.ahead, row.untranslated].map(
          String,
        ),
        String(row.seconds),
      ]),
    ),
  ].join('\n');
}

function printCutover({ intervalSeconds, messagesPerSecond, rows, pauseSeconds }: Cutover): string {
  return [
    `One group moved at ${messagesPerSecond} messages a second; MirrorMaker translates and commits every ${intervalSeconds} s. Goal: 0 twice, 0 lost, and no longer a pause.`,
    table(
      ['', 'repetition', 'pause, s', 'twice', 'lost'],
      rows.map((row) => [row.engine, ...[row.repetition, row.pauseSeconds, row.twice, row.lost].map(String)]),
    ),
    `Median of the pause: ferry ${pauseSeconds.ferry} s, mirrormaker ${pauseSeconds.mirrormaker} s.`,
  ].join('\n');
}

function printParity({ rows, goals }: Parity): string {
  const cells = ({ mbPerSecond, cpuSecondsPerGb }: Parity['rows'][number]['ferry']) => [
    String(mbPerSecond),
    String(cpuSecondsPerGb),
  ];
  return [
    `Both clusters compared (goal: ${goals.ratio} times as fast as kafkajs):`,
    table(
      ['topic', 'MB', 'ferry, MB/s', 'CPU s/GB', 'kafkajs, MB/s', 'CPU s/GB', 'ratio'],
      rows.map((row) => [
        row.topic,
        String(row.mb),
        ...cells(row.ferry),
        ...cells(row.kafkajs),
        String(row.ratio),
      ]),
    ),
  ].join('\n');
}

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof LabError || isFerryError(error))) throw error;
  console.error(error.message);
  process.exitCode = error instanceof LabError ? error.exitCode : 1;
}
