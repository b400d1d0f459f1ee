import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { unknownsIn } from '../../src/inventory/unknowns.js';
import { setsOf } from '../../src/advice/sets.js';
import type { Inventory } from '../../src/inventory/inventory.js';
import { scan } from '../../src/inventory/scan.js';
import { formatBytes } from '../../src/migration/bytes.js';
import { named } from '../../src/migration/foreign-text.js';
import { openClusters } from '../connections/clusters.js';
import { openConnects } from '../connections/connects.js';
import { openRegistries } from '../connections/registries.js';
import { badInput, exitCodes, type ExitCode } from './failure.js';
import { Progress } from './progress.js';
import { writeInventoryPage } from './inventory-page.js';
import { columns } from './terminal.js';
import { addVerb, configured, run, type CommonOptions, type Surroundings } from './verb.js';

interface ScanOptions extends CommonOptions {
  out?: string;
  topics?: string;
  registry?: string;
  connect?: string;
  html?: string;
}

export function addScan(program: Command, surroundings: Surroundings): void {
  addVerb(
    program,
    'scan',
    'Look at a whole cluster: topics, groups, producers, ACLs. Writes what it saw to a file. Changes nothing.',
    'ferry scan onprem --out inventory.json && ferry advise inventory.json',
  )
    .argument('<cluster>', 'its name in ferry.yaml')
    .option('--out <file>', 'where to write the inventory')
    .option(
      '--html <file>',
      'also write a page to look at: numbers, red flags, the graph of what hangs together',
    )
    .option('--topics <glob>', 'only topics with such names, for example "shop.*"')
    .option('--registry <name>', 'the schema registry of ferry.yaml that knows the subjects of schema ids')
    .option('--connect <name>', 'the Kafka Connect of ferry.yaml whose connectors read or write the topics')
    .action((cluster: string, options: ScanOptions) =>
      run(surroundings, options, () => showScan(surroundings, options, cluster)),
    );
}

async function showScan(surroundings: Surroundings, options: ScanOptions, name: string): Promise<ExitCode> {
  const { terminal } = surroundings;
  const config = configured(surroundings, options);
  const clusters = openClusters(config.clusters, { says: (sentence) => terminal.complain(sentence) });
  const registries = openRegistries(config.registries);
  const progress = new Progress(terminal);
  try {
    const inventory = await scan(clusters.get(name), {
      ...(options.topics !== undefined && { glob: options.topics }),
      ...(options.registry !== undefined && { registry: registries.get(options.registry) }),
      ...(options.connect !== undefined && { connect: openConnects(config.connect)(options.connect).rest }),
      pause: async (ms) => void (await sleep(ms)),
      begins: progress.begins,
    });
    if (options.out !== undefined) writeInventory(options.out, inventory);
    if (options.html !== undefined) await writeInventoryPage(options.html, inventory);
    if (options.json) terminal.print(JSON.stringify(inventory));
    else terminal.print(scanText(inventory, options));
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

function scanText(inventory: Inventory, { out, html }: ScanOptions): string {
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
    ...(unknowns.length > 0 ? ['', 'Not seen:', ...unknowns.map((why) => `  - ${why}`)] : []),
    ...(html === undefined ? [] : ['', `The page to look at is ${html}.`]),
    ...(out === undefined
      ? ['', `Keep it for advice: ferry scan ${named(cluster)} --out inventory.json`]
      : ['', `Next: ferry advise ${out}`]),
  ].join('\n');
}
