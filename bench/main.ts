import { Command, InvalidArgumentError } from 'commander';
import { brokersOption } from '../lab/broker-option.js';
import { LabError } from '../lab/lab.js';
import { isFerryError } from '../src/migration/errors.js';
import { cutover, printCutover } from './cutover.js';
import { mirror, mirrorDefaults, type MirrorOptions, printMirror } from './mirror.js';
import { engines } from './mirror/engine.js';
import { parity, printParity } from './parity.js';
import { scale, printScale } from './scale.js';
import { printScan, scanBench, scanDefaults, type ScanOptions } from './scan.js';
import { schemas, printSchemas } from './schemas.js';
import { translate, printTranslate } from './translate.js';
import { waiting, printWaiting } from './waiting.js';
import { printWholeFleet, wholeFleet } from './whole-fleet.js';

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

benchmark('fleet', 'what a fleet of many migrations costs that wait, and some that copy')
  .option('--migrations <n>', 'how many there are', amount, 1_000)
  .action(async ({ migrations, json }: { migrations: number; json?: boolean }) =>
    show(await wholeFleet(migrations, say), printWholeFleet, json),
  );

benchmark('scale', 'how requests, time and history grow with the topics of one migration')
  .option('--topics <n,...>', 'how many topics the migrations have', amounts, [1, 50, 500])
  .option('--groups <n>', 'how many groups read all of them', amount, 3)
  .action(async ({ topics, groups, json }: { topics: number[]; groups: number; json?: boolean }) =>
    show(await scale(topics, groups, say), printScale, json),
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
  .option(...brokersOption)
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

benchmark('scan', "how long it takes to look at a large cluster, beside kafkajs and Kafka's own tools")
  .option('--topics <n>', 'how many topics of ten partitions there are', amount, scanDefaults.topics)
  .option('--groups <n>', 'how many groups', amount, scanDefaults.groups)
  .option('--acls <n>', 'how many ACLs', amount, scanDefaults.acls)
  .option(...brokersOption)
  .action(async ({ json, ...options }: Partial<ScanOptions> & { json?: boolean }) =>
    show(await scanBench({ ...scanDefaults, ...options }, say), printScan, json),
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

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof LabError || isFerryError(error))) throw error;
  console.error(error.message);
  process.exitCode = error instanceof LabError ? error.exitCode : 1;
}
