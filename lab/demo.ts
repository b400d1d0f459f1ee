import { Command, Option } from 'commander';
import { isMirrored, strategyNames, type Strategy } from '../src/migration/strategies.js';
import { brokersOption } from './broker-option.js';
import { leaderOf, rollingRestart } from './kafka/disorder.js';
import {
  type BrokerCount,
  type Lab,
  type LabCluster,
  LabError,
  type LabLogin,
  labLogins,
  startLab,
} from './lab.js';
import { openRehearsalRegistries, type RehearsalRegistries } from './rehearsal/registries.js';
import { rehearse } from './rehearsal/rehearse.js';
import { naisAccepts, naisChanges, NaisTarget } from './nais/target.js';
import { groupNames, migrationOf, namesOf, shortened } from './rehearsal/script.js';
import { showFleet } from './fleet/show.js';
import { adviseShop, type Advised } from './shop/advised.js';
import { Shop } from './shop/shop.js';
import { WorkerProcess } from './rehearsal/worker-process.js';

/** One line of the demo's answer. */
interface Shown {
  strategy: Strategy;
  messages: number;
  lost: number;
  duplicates: number;
  /** Processed twice, as the strategy says: what producers wrote to both clusters. */
  duplicatesAllowed: number;
  reordered: number;
  reorderedAllowed: number;
  promiseHeld: boolean;
  faults: string[];
  workerKills: number;
  /** Brokers that were ended and started again. */
  brokerKills: number;
  connectKills: number;
  events: number;
  seconds: number;
  /** Where inventory, page and files are, and what is in them. */
  advised?: Omit<Advised, 'file'>;
}

interface Options {
  json?: boolean;
  keep?: boolean;
  messages: string;
  brokers?: BrokerCount;
  tiered?: boolean;
  login?: LabLogin;
  sourceLogin?: LabLogin;
  targetLogin?: LabLogin;
  target?: 'kafka' | 'aiven' | 'nais';
  /** The migration file is one that `ferry advise` has written from a scan of a whole shop. */
  scan?: boolean;
}

const program = new Command('demo')
  .description(
    'Runs real migrations on a fresh lab, with applications under load and a worker that is killed.',
  )
  .argument(
    '[strategy]',
    `one of ${strategyNames.join(', ')}, or all; or scan: a shop is looked at, advised and one of its files run; or fleet: thirty migrations of a shop`,
    'simplestCase',
  )
  .option('--json', 'print the result as JSON, progress on the error stream')
  .option('--messages <n>', 'at least so many messages', '200000')
  .option(...brokersOption)
  .option('--tiered', 'the history is in the remote storage of the source (simpleMirroring)')
  .addOption(new Option('--login <way>', 'how the ferry logs in to both clusters').choices(labLogins))
  .addOption(new Option('--source-login <way>', 'how it logs in to the source alone').choices(labLogins))
  .addOption(new Option('--target-login <way>', 'how it logs in to the target alone').choices(labLogins))
  .addOption(
    new Option(
      '--target <way>',
      "how topics and grants come to the target: by Kafka itself, by a stand-in for Aiven's API, or by NAIS's controller",
    ).choices(['kafka', 'aiven', 'nais']),
  )
  .option('--keep', 'leave the lab up afterwards, to look around')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .action(async (name: string, options: Options) => {
    if (name === 'fleet') return fleet(options);
    const isScan = name === 'scan';
    const wanted = isScan ? 'simplestCase' : name;
    const chosen = wanted === 'all' ? strategyNames : strategyNames.filter((one) => one === wanted);
    if (chosen.length === 0)
      throw new LabError(
        `${name} is no strategy: choose one of ${strategyNames.join(', ')}, all, scan or fleet.`,
        2,
      );
    const messages = Number(options.messages);
    if (!Number.isInteger(messages) || messages < 1)
      throw new LabError('--messages takes a whole number above 0.', 2);
    const results = await show(chosen, messages, { ...options, scan: isScan });
    if (options.json) console.log(JSON.stringify(name === 'all' ? results : results[0]));
    process.exitCode = results.every(({ promiseHeld }) => promiseHeld) ? 0 : 1;
  });

const labName = 'demo';

async function fleet({ json, keep, brokers, messages }: Options): Promise<void> {
  const say = (line: string) => (json ? console.error(line) : console.log(line));
  const lab = await startLab({ name: labName, progress: say, ...(brokers && { brokers }) });
  const worker = new WorkerProcess(lab);
  const interrupted = () =>
    void worker
      .kill()
      .then(() => lab.down())
      .finally(() => process.exit(1));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    say(`web UI: ${lab.temporal.ui}`);
    const shown = await showFleet(lab, worker, Math.min(Number(messages), mostOfFleet), say);
    if (json) console.log(JSON.stringify(shown));
    process.exitCode = shown.promiseHeld ? 0 : 1;
  } finally {
    await worker.stop();
    if (keep)
      say(`The lab is up: web UI ${lab.temporal.ui}; \`npm run lab -- down --name ${labName}\` ends it.`);
    else await lab.down();
  }
}

/** Fifteen applications share this machine with everything else. */
const mostOfFleet = 5_000;

async function show(
  chosen: readonly Strategy[],
  messages: number,
  { json, keep, brokers, tiered, login, sourceLogin = login, targetLogin = login, target, scan }: Options,
): Promise<Shown[]> {
  const say = (line: string) => (json ? console.error(line) : console.log(line));
  const schemas = chosen.includes('advancedMirroring');
  const lab = await startLab({
    name: labName,
    progress: say,
    connect: schemas,
    registries: schemas,
    ...(brokers && { brokers }),
    ...(tiered && { tiered }),
    login: { ...(sourceLogin && { source: sourceLogin }), ...(targetLogin && { target: targetLogin }) },
    ...(target === 'aiven' && { aiven: true }),
  });
  const registries = schemas ? await openRehearsalRegistries(lab) : undefined;
  const worker = new WorkerProcess(lab);
  const end = async () => {
    await worker.stop();
    await registries?.close();
    if (keep)
      say(`The lab is up: web UI ${lab.temporal.ui}; \`npm run lab -- down --name ${labName}\` ends it.`);
    else await lab.down();
  };
  const interrupted = () =>
    void worker
      .kill()
      .then(() => lab.down())
      .finally(() => process.exit(1));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  const nais = target === 'nais' ? new NaisTarget(lab, say) : undefined;
  try {
    await nais?.declare();
    worker.start();
    say(`web UI: ${lab.temporal.ui}`);
    say(shortened);
    const results: Shown[] = [];
    for (const strategy of chosen)
      results.push(await showOne({ lab, worker, registries, nais, scan }, strategy, messages, say));
    return results;
  } finally {
    await end();
  }
}

interface Stage {
  lab: Lab;
  worker: WorkerProcess;
  registries: RehearsalRegistries | undefined;
  nais: NaisTarget | undefined;
  scan: boolean | undefined;
}

async function showOne(
  { lab, worker, registries, nais, scan }: Stage,
  strategy: Strategy,
  messages: number,
  say: (line: string) => void,
): Promise<Shown> {
  say(`\n${strategy}`);
  const killsBefore = worker.kills;
  const [, , late] = groupNames;
  let brokerKills = 0;
  let connectKills = 0;
  const name = strategy.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const copying = {
    // Slow enough that there is something to see, and somebody to kill, while it copies.
    ...(strategy === 'simpleMirroring' && { copying: { shares: 3, bytesPerSecond: 50 * messages } }),
  };
  let advised: Advised | undefined;
  const { verdict, events, seconds } = await rehearse({
    ...(scan && {
      file: async (names) => {
        say('a shop of forty topics and eight teams is filled');
        const shop = await Shop.fill(lab.source);
        try {
          advised = await adviseShop(lab, names, say);
        } finally {
          await shop.close();
        }
        say(`the file for ${names.topic} is run`);
        return advised.file;
      },
    }),
    lab,
    worker,
    strategy,
    name,
    messages,
    say,
    changes: { ...copying, ...(nais && naisChanges(migrationOf(strategy, namesOf(name, strategy)))) },
    ...(nais && { accepts: naisAccepts, before: (file) => nais.plan(file) }),
    ...(strategy === 'advancedMirroring' && {
      history: messages,
      // Values are read one by one by a library, which takes its time.
      rate: 1_000,
      ...(registries && { registries: registries.urls }),
    }),
    ...(strategy === 'simpleMirroring' && {
      history: 5 * messages,
    }),
    meanwhile: async (step, applications) => {
      if (step === 'topicCreated') return nais?.deploy();
      if (strategy === 'advancedMirroring' && (step === 'mirrorSteady' || step === 'consumerSwitched')) {
        await worker.kill();
        say('  the worker is killed (SIGKILL) while the mirror runs, and another one started');
        worker.start();
        await lab.connect?.kill();
        say('  the worker of Kafka Connect is killed (SIGKILL) while it copies, and started again');
        await lab.connect?.start();
        connectKills += 1;
        return;
      }
      if (step === 'producerStopped' && strategy === 'simpleMirroring') {
        // This group goes on on the target in the middle of the history.
        await applications.stopConsumer(late);
        await worker.kill();
        say('  the worker is killed (SIGKILL) in the middle of the copy, and another one started');
        worker.start();
        const topics = { source: applications.names.topic, target: applications.names.newTopic };
        for (const cluster of [lab.source, lab.target])
          brokerKills += await endBrokers(cluster, topics[cluster.name], say);
        return;
      }
      // One group is away while the producers move, so that there is something left to drain.
      if (step === 'producerSwitched' || step === 'producerWritesBoth')
        if (strategy !== 'doubleConsumers' && !isMirrored(strategy)) await applications.stopConsumer(late);
      if (step !== 'drain') return;
      await worker.kill();
      say('  the worker is killed (SIGKILL) in the middle of the drain, and another one started');
      worker.start();
      if (!applications.consumers.has(late)) await applications.startConsumer(late);
    },
  });
  const { lost, duplicates, duplicatesAllowed, reordered, reorderedAllowed, promiseHeld, faults, produced } =
    verdict;
  const shown: Shown = {
    strategy,
    messages: produced.acknowledged,
    lost,
    duplicates,
    duplicatesAllowed,
    reordered,
    reorderedAllowed,
    promiseHeld,
    faults,
    workerKills: worker.kills - killsBefore,
    brokerKills,
    connectKills,
    events,
    seconds,
    ...(advised && {
      advised: {
        folder: advised.folder,
        sets: advised.sets,
        waves: advised.waves,
        idle: advised.idle,
        reportBytes: advised.reportBytes,
      },
    }),
  };
  say(
    [
      `The ledger: ${produced.acknowledged} messages written, ${verdict.groups.length} groups; ` +
        `${lost} lost, ${duplicates} processed twice (and ${duplicatesAllowed} as the strategy says), ` +
        `${reordered} out of order (and ${reorderedAllowed} as the strategy says).`,
      ...faults.map((fault) => `  ${fault}`),
      promiseHeld ? 'The promise held.' : 'The promise was BROKEN.',
      `${events} events of history, ${seconds} s, worker killed ${shown.workerKills} times, brokers ${shown.brokerKills}, Kafka Connect ${shown.connectKills}.`,
    ].join('\n'),
  );
  return shown;
}

/** Ends brokers in the middle of a copy and starts them again: the only one, or each in its turn and then a leader. */
async function endBrokers(cluster: LabCluster, topic: string, say: (line: string) => void): Promise<number> {
  const { name, brokers } = cluster;
  if (brokers.length > 1) {
    await rollingRestart(cluster);
    say(`  the brokers of the ${name} are restarted one after another (SIGTERM) in the middle of the copy`);
  }
  const leader = await leaderOf(cluster, topic, 0);
  await leader.kill();
  say(
    `  the broker of the ${name}${brokers.length > 1 ? ' that leads a partition' : ''} is killed (SIGKILL) in the middle of the copy, and started again`,
  );
  await leader.start();
  return brokers.length > 1 ? brokers.length + 1 : 1;
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  // What still waits for an answer of a lab that is gone would keep the process, and who waits for it.
  process.exit(error instanceof LabError ? error.exitCode : 1);
}
