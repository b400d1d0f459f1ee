import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { unknownsIn } from '../../src/inventory/unknowns.js';
import { setsOf } from '../../src/advice/sets.js';
import type { Inventory } from '../../src/inventory/inventory.js';
import { withSurvey } from '../../src/inventory/over-time.js';
import { scan } from '../../src/inventory/scan.js';
import { formatBytes } from '../../src/migration/bytes.js';
import { named, oneLine } from '../../src/migration/foreign-text.js';
import { surveyId } from '../../src/migration/messages.js';
import type { SurveyAnswer } from '../../src/migration/survey-state.js';
import { openClusters } from '../connections/clusters.js';
import { openConnects } from '../connections/connects.js';
import { openRegistries } from '../connections/registries.js';
import { badInput, exitCodes, type ExitCode } from './failure.js';
import { Progress } from './progress.js';
import { quoted } from '../../src/migration/next-command.js';
import { osUser } from './sending.js';
import {
  insistOnSameCluster,
  startedSurveyText,
  startSurvey,
  stopSurvey,
  surveyAnswer,
  surveyOf,
  surveyText,
} from './survey.js';
import { withTemporal } from './temporal.js';
import { writeInventoryPage } from './inventory-page.js';
import { columns } from './terminal.js';
import { addVerb, configured, run, type CommonOptions, type Surroundings } from './verb.js';

interface ScanOptions extends CommonOptions {
  out?: string;
  topics?: string;
  registry?: string;
  connect?: string;
  html?: string;
  for?: string;
  every?: string;
  survey?: string;
  stop?: boolean;
}

export function addScan(program: Command, surroundings: Surroundings): void {
  addVerb(
    program,
    'scan',
    'Look at a whole cluster: topics, groups, producers, ACLs. Writes what it saw to a file. Changes nothing.',
    'ferry scan onprem --out inventory.json && ferry advise inventory.json\nferry scan onprem --for 7d\nferry scan --survey onprem --out inventory.json',
  )
    .argument('[cluster]', 'its name in ferry.yaml')
    .option('--out <file>', 'where to write the inventory')
    .option(
      '--html <file>',
      'also write a page to look at: numbers, red flags, the graph of what hangs together',
    )
    .option('--topics <glob>', 'only topics with such names, for example "shop.*"')
    .option('--registry <name>', 'the schema registry of ferry.yaml that knows the subjects of schema ids')
    .option('--connect <name>', 'the Kafka Connect of ferry.yaml whose connectors read or write the topics')
    .option('--for <duration>', 'look again and again for so long, for example 7d: a durable survey')
    .option('--every <duration>', 'between two looks of a survey (default: at least one an hour)')
    .option('--survey <cluster>', 'with what its survey has seen over time')
    .option('--stop', 'end the survey; what it has seen stays')
    .action((cluster: string | undefined, options: ScanOptions) =>
      run(surroundings, options, () => {
        const name = clusterOf(cluster, options);
        if (options.for !== undefined) return startIt(surroundings, options, name);
        return options.stop ? stopIt(surroundings, options, name) : showScan(surroundings, options, name);
      }),
    );
}

/** @throws CommandFailure `BadInput` for what does not go together */
function clusterOf(cluster: string | undefined, options: ScanOptions): string {
  const { survey, stop, every } = options;
  const given = (['out', 'html', 'registry', 'connect'] as const).filter((one) => options[one] !== undefined);
  const name = survey ?? cluster;
  if (name === undefined)
    throw badInput('Say which cluster: ferry scan CLUSTER, or ferry scan --survey CLUSTER.');
  if (survey !== undefined && cluster !== undefined)
    throw badInput(`Say the cluster once: ferry scan --survey ${quoted(survey)}.`);
  if (options.for !== undefined && survey !== undefined)
    throw badInput(`A survey is started by ferry scan ${quoted(survey)} --for ${quoted(options.for)}.`);
  if (options.for !== undefined && given.length > 0)
    throw badInput(
      `A survey writes nothing by itself (--${given.join(', --')}): its inventory comes by ferry scan --survey ${quoted(name)} --out FILE.`,
    );
  if (every !== undefined && options.for === undefined)
    throw badInput('--every is for a survey: say for how long it goes on by --for.');
  if (stop && survey === undefined)
    throw badInput(`Only a survey is stopped: ferry scan --survey ${quoted(name)} --stop.`);
  if (stop && (given.length > 0 || options.topics !== undefined))
    throw badInput(
      `Stop it first, then get its inventory by ferry scan --survey ${quoted(name)} --out FILE.`,
    );
  return name;
}

async function startIt(surroundings: Surroundings, options: ScanOptions, cluster: string): Promise<ExitCode> {
  const config = configured(surroundings, options);
  const { for: whole, every, topics } = options;
  const survey = surveyOf({ cluster, for: whole, every, topics }, config);
  return withTemporal(config.temporal, async (temporal) => {
    const started = await startSurvey(temporal, survey);
    surroundings.terminal.print(
      options.json
        ? JSON.stringify({ started })
        : startedSurveyText(survey, started, temporal.settings.taskQueue),
    );
    return exitCodes.done;
  });
}

async function stopIt(surroundings: Surroundings, options: ScanOptions, cluster: string): Promise<ExitCode> {
  const config = configured(surroundings, options, true);
  return withTemporal(config.temporal, async (temporal) => {
    const answer = await stopSurvey(temporal, cluster, osUser());
    surroundings.terminal.print(
      options.json
        ? JSON.stringify({ survey: surveyId(cluster), answer })
        : oneLine(`${surveyId(cluster)}: ${answer}`),
    );
    return exitCodes.done;
  });
}

async function showScan(surroundings: Surroundings, options: ScanOptions, name: string): Promise<ExitCode> {
  const { terminal } = surroundings;
  const config = configured(surroundings, options);
  // Asked first: what nobody answers need not be looked for on the cluster.
  const answer =
    options.survey === undefined
      ? undefined
      : await withTemporal(config.temporal, (temporal) => surveyAnswer(temporal, name));
  const clusters = openClusters(config.clusters, { says: (sentence) => terminal.complain(sentence) });
  const registries = openRegistries(config.registries);
  const progress = new Progress(terminal);
  try {
    const look = await scan(clusters.get(name), {
      ...(options.topics !== undefined && { glob: options.topics }),
      ...(options.registry !== undefined && { registry: registries.get(options.registry) }),
      ...(options.connect !== undefined && { connect: openConnects(config.connect)(options.connect).rest }),
      pause: async (ms) => void (await sleep(ms)),
      begins: progress.begins,
    });
    if (answer) insistOnSameCluster(look, answer);
    const inventory = answer ? withSurvey(look, answer) : look;
    if (options.out !== undefined) writeInventory(options.out, inventory);
    if (options.html !== undefined) await writeInventoryPage(options.html, inventory);
    if (options.json) terminal.print(JSON.stringify(inventory));
    else terminal.print(scanText(inventory, options, answer));
    return exitCodes.done;
  } finally {
    progress.end();
    registries.close();
    await clusters.close();
  }
}

function writeInventory(path: string, inventory: Inventory): void {
  try {
    writeFileSync(path, `${JSON.stringify(inventory, null, 2)}\n`);
  } catch {
    throw badInput(`${path} cannot be written: name a file in a folder that is there.`);
  }
}

const largest = 10;

export function scanText(
  inventory: Inventory,
  { out, html, survey }: Pick<ScanOptions, 'out' | 'html' | 'survey'>,
  answer?: SurveyAnswer,
): string {
  const { cluster, brokers, topics, groups, acls } = inventory;
  const moving = topics.filter(({ internal }) => !internal);
  const counted = (of: { value?: readonly unknown[] | null; unknown?: string }, what: string) =>
    of.unknown !== undefined
      ? `${what} unknown: ${of.unknown}`
      : of.value == null
        ? `no ${what}: the cluster has no authorizer`
        : `${of.value.length} ${what}`;
  const rows = [...moving]
    .sort((a, b) => (b.records.value ?? 0) - (a.records.value ?? 0))
    .slice(0, largest)
    .map(({ name, partitions, records, bytes, rate, schemas }) => [
      named(name),
      String(partitions),
      records.value === undefined ? 'unknown' : String(records.value),
      bytes.value === undefined ? 'unknown' : formatBytes(bytes.value),
      rate.value === undefined ? 'unknown' : rate.value.toFixed(1),
      schemas.value === undefined ? 'unknown' : schemas.value.ids.length > 0 ? 'seen' : 'not seen',
    ]);
  const unknowns = unknownsIn(inventory);
  return [
    `${named(cluster)}: ${brokers} ${brokers === 1 ? 'broker' : 'brokers'}, ${moving.length} topics in ${setsOf(inventory).length} sets that move apart, ${counted(groups, 'groups')}, ${counted(acls, 'ACLs')}.`,
    ...(rows.length > 0
      ? [
          '',
          columns([['topic', 'partitions', 'records up to', 'on disk', 'records/s', 'schema ids'], ...rows]),
        ]
      : []),
    ...(answer ? ['', ...surveyText(inventory, answer)] : []),
    ...(unknowns.length > 0 ? ['', 'Not seen:', ...unknowns.map((why) => `  - ${oneLine(why)}`)] : []),
    ...(html === undefined ? [] : ['', `The page to look at is ${html}.`]),
    ...(out === undefined
      ? [
          '',
          `Keep it for advice: ferry scan ${survey === undefined ? '' : '--survey '}${quoted(cluster)} --out inventory.json`,
        ]
      : ['', `Next: ferry advise ${out}`]),
  ].join('\n');
}
