import { dirname, resolve } from 'node:path';
import type { ConnectConnection } from '../../src/connect/connect-connection.js';
import type { NotifySettings } from '../../src/notify/targets.js';
import type { ProvisionedConnection } from '../../src/provision/provision.js';
import type { RegistryConnection } from '../../src/registry/registry-connection.js';
import type { ReportsSettings } from '../../src/report/account/keeper.js';
import { clusterConnections, declarationsOf } from './clusters.js';
import { codecServerSettings, type CodecServerSettings } from './codec-server.js';
import type { Declaration } from './declaring.js';
import { connectConnections, registryConnections } from './http-services.js';
import { mistakesOf } from './mistakes.js';
import { notifySettings, reportsSettings } from './notify.js';
import { configShape } from './schema.js';
import { codecSettings, temporalSettings, type TemporalSettings } from './temporal.js';
import { Files, fillIn, type Environment } from './values.js';
import { workerSettings, type WorkerSettings } from './worker.js';
import { readYaml, type Read } from './yaml-file.js';

export interface Config {
  temporal: TemporalSettings;
  /** By the name that migration files use. */
  clusters: Readonly<Record<string, ProvisionedConnection>>;
  /** The clusters whose topics and grants others make from files, by the same names. */
  declarations: Readonly<Record<string, Declaration>>;
  /** Schema registries, by the name that migration files use. */
  registries: Readonly<Record<string, RegistryConnection>>;
  /** Every Kafka Connect, by the name that migration files use. */
  connect: Readonly<Record<string, ConnectConnection>>;
  /** Whom to tell of migrations; hides its secrets when it is printed. */
  notify: NotifySettings | undefined;
  /** Where reports of migrations that have ended go. */
  reports: ReportsSettings | undefined;
  worker: WorkerSettings;
  /** Absent: `ferry codec-server` has nothing to serve. */
  codecServer?: CodecServerSettings;
}

export interface ConfigSource {
  /** From `--config`; a file that is not there is a mistake, while the default file may be missing. */
  path?: string | undefined;
  environment: Environment;
  /** Leaves secrets and files of clusters, registries and Connect alone: who only talks to Temporal needs none of them. */
  temporalOnly?: boolean;
  /** Reads the secrets and files of `codecServer`, which nothing else needs. */
  codecServer?: boolean;
}

/**
 * Reads `ferry.yaml` (`--config`, else `FERRY_CONFIG`, else `./ferry.yaml`) and checks it whole. Every mistake is
 * reported at once with its path in the file; none of them holds a value of the file.
 */
export function readConfig({
  path,
  environment,
  temporalOnly = false,
  codecServer = false,
}: ConfigSource): Read<Config> & { file: string } {
  const named = path ?? environment['FERRY_CONFIG'];
  const file = resolve(named ?? 'ferry.yaml');
  const read = readYaml(file);
  if (read.mistakes) {
    const missing =
      named === undefined && read.mistakes.some(({ expected }) => expected === 'there is no such file');
    if (!(missing && temporalOnly)) return { mistakes: read.mistakes, file };
  }
  return {
    ...parseConfig(read.value ?? {}, dirname(file), environment, { temporalOnly, codecServer }),
    file,
  };
}

/** @param folder what relative paths in the document start from. */
export function parseConfig(
  document: unknown,
  folder: string,
  environment: Environment,
  { temporalOnly = false, codecServer = false }: Pick<ConfigSource, 'temporalOnly' | 'codecServer'> = {},
): Read<Config> {
  const unneeded = [...(temporalOnly ? ofTheWorker : []), ...(codecServer ? [] : ['codecServer'])];
  const filled = fillIn(without(document, unneeded, environment), environment);
  const mistakes = [...filled.mistakes];
  const parsed = configShape.safeParse(filled.value);
  for (const issue of parsed.error?.issues ?? []) mistakes.push(...mistakesOf(issue));
  if (!parsed.success) return { mistakes };

  const files = new Files(folder);
  const config: Config = {
    temporal: {
      ...temporalSettings(parsed.data.temporal, files, environment, mistakes),
      ...codecSettings(parsed.data.temporal.codec, folder),
    },
    clusters: temporalOnly ? {} : clusterConnections(parsed.data.clusters, files),
    declarations: temporalOnly ? {} : declarationsOf(parsed.data.clusters, files),
    registries: temporalOnly ? {} : registryConnections(parsed.data.registries, files),
    connect: temporalOnly ? {} : connectConnections(parsed.data.connect, files),
    worker: workerSettings(parsed.data.worker, environment),
    ...(codecServer && codecServerSettings(parsed.data.codecServer, files)),
    notify: parsed.data.notify && !temporalOnly ? notifySettings(parsed.data.notify, files) : undefined,
    reports:
      parsed.data.reports !== undefined && !temporalOnly
        ? reportsSettings(parsed.data.reports, files)
        : undefined,
  };
  mistakes.push(...files.mistakes);
  return mistakes.length > 0 ? { mistakes } : { value: config };
}

const ofTheWorker = ['clusters', 'registries', 'connect', 'notify', 'reports', 'worker'];

/** Leaves out sections that are not needed where their variables are not set: they cannot be checked then. */
function without(document: unknown, sections: readonly string[], environment: Environment): unknown {
  if (typeof document !== 'object' || document === null) return document;
  return Object.fromEntries(
    Object.entries(document).filter(
      ([key, section]) =>
        !sections.includes(key) || fillIn({ [key]: section as unknown }, environment).mistakes.length === 0,
    ),
  );
}
