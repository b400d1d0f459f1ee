import { Command, Option } from 'commander';
import { brokersOption } from './broker-option.js';
import { complaints } from './complaints.js';
import { writeDockerFiles } from './docker.js';
import {
  addServers,
  attachLab,
  type BrokerCount,
  DEFAULT_NAME,
  type Lab,
  LabError,
  type LabLogin,
  labLogins,
  startLab,
} from './lab.js';
import { sourceVersion } from './kafka/version.js';
import { allRunning, describeLab, printLab } from './status.js';
import { setUpForTests } from './setup.js';
import { keepLogs, takeDown } from './take-down.js';

// Progress goes to the error stream, so that `--json` can be piped.
const progress = (line: string) => console.error(line);

const program = new Command('lab')
  .description('Real servers on this machine to try the ferry on: a source Kafka, a target Kafka, Temporal.')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .addHelpText(
    'after',
    '\nExample:\n  npm run lab -- up --name mine\n  npm run lab -- status --name mine --json',
  );

program
  .command('setup')
  .description('download and build all that is missing, and start nothing')
  .action(async () => {
    await setUpForTests(progress);
    progress('everything is there');
  });

named('up', 'start the lab, or say where it is when it is up')
  .option('--fresh', 'throw away a lab of that name that is up, with its data')
  .option('--source <version>', 'the Kafka of the source: 2.8 (with ZooKeeper), 3.9 (the default) or 4.x')
  .option(...brokersOption)
  .option('--tiered', 'a source with tiered storage, whose remote reads are late at random')
  .addOption(
    new Option(
      '--login <way>',
      'how the ferry logs in to both clusters, beside what everybody else does',
    ).choices(labLogins),
  )
  .option('--aiven', "a target that is a service at Aiven: topics and ACLs by a stand-in for Aiven's API")
  .option('--connect', 'with Kafka Connect and MirrorMaker 2; adds them to a lab that is up')
  .option('--registries', 'with two schema registries; adds them to a lab that is up')
  .action(async ({ json, fresh, ...options }: UpOptions) => {
    const running = fresh ? undefined : await wholeLab(options);
    if (running) await addServers(running, { ...options, progress });
    show(running ?? (await startUnlessInterrupted(options)), json);
  });

named('status', 'addresses, and ready client files for every principal').action(
  async ({ name, json }: Options) => show(await attachLab(name), json),
);

named('down', 'end every process of the lab and remove every file')
  .option('--keep-logs', "keep the servers' logs and say where")
  .action(async ({ name, json, keepLogs: keep }: Options & { keepLogs?: boolean }) => {
    const logs = keep ? await keepLogs(name) : undefined;
    const found = await takeDown(name);
    if (json) console.log(JSON.stringify({ name, found, logs }));
    else console.log(found ? `The lab ${name} is down.` : `There was no lab ${name}.`);
    if (logs)
      for (const line of [`The logs of its servers are in ${logs}.`, ...(await complaints(logs))])
        progress(line);
  });

program
  .command('docker')
  .description('write what docker-compose.yml mounts, and start nothing')
  .action(async () => console.log(`Written to ${await writeDockerFiles()}. Now: docker compose up --wait`));

interface Options {
  name: string;
  json?: boolean;
}

interface UpOptions extends Options {
  fresh?: boolean;
  source?: string;
  brokers?: BrokerCount;
  tiered?: boolean;
  login?: LabLogin;
  aiven?: boolean;
  connect?: boolean;
  registries?: boolean;
}

function named(command: string, description: string): Command {
  return program
    .command(command)
    .description(description)
    .option('--name <name>', 'which lab; several can be up side by side', DEFAULT_NAME)
    .option('--json', 'print JSON');
}

/** The running lab with this name, if every server of it runs. */
async function wholeLab({
  name,
  source,
  brokers,
  tiered,
  login,
  aiven,
}: UpOptions): Promise<Lab | undefined> {
  const lab = await attachLab(name).catch(() => undefined);
  if (!lab || !allRunning(lab)) return undefined;
  if (source !== undefined && sourceVersion(source) !== lab.source.version)
    throw new LabError(
      `The lab ${name} is up with a source of Kafka ${lab.source.version}: say --fresh to throw it away.`,
      2,
    );
  if (tiered && !lab.source.tiered)
    throw new LabError(`The lab ${name} is up without tiered storage: say --fresh to throw it away.`, 2);
  if (login && (login === 'oauth' ? !lab.tokens : !lab.kdc))
    throw new LabError(`The lab ${name} is up without --login ${login}: say --fresh to throw it away.`, 2);
  if (aiven && !lab.aiven)
    throw new LabError(`The lab ${name} is up without --aiven: say --fresh to throw it away.`, 2);
  if (brokers !== undefined && brokers !== lab.source.brokers.length)
    throw new LabError(
      `The lab ${name} is up with ${lab.source.brokers.length} broker(s) on each side: say --fresh to throw it away.`,
      2,
    );
  return lab;
}

async function startUnlessInterrupted({ name, ...options }: UpOptions): Promise<Lab> {
  const interrupted = () => void takeDown(name).finally(() => process.exit(1));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  return startLab({ name, ...options, progress });
}

function show(lab: Lab, json?: boolean): void {
  if (json) console.log(JSON.stringify(describeLab(lab), undefined, 2));
  else printLab(lab);
}

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof LabError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
