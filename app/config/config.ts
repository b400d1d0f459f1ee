import { dirname, resolve } from 'node:path';
import { inspect } from 'node:util';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import {
  configShape,
  type ClusterSection,
  type ConfigFile,
  type ProvisionSection,
  type RegistrySection,
  type SaslSection,
  type TlsSection,
  type TokenEndpointSection,
} from './schema.js';
import type { CodecSettings } from '../codec/open.js';
import { declarationOf, type Declaration } from './declaring.js';
import { Files, fillIn, type Environment } from './values.js';
import type { HttpConnection } from '../../src/http/client.js';
import type { ConnectConnection } from '../../src/connect/connect-connection.js';
import type { ClusterConnection, TicketLogin } from '../../src/kafka/link/cluster-connection.js';
import type { TokenEndpoint } from '../../src/kafka/tokens/token-origin.js';
import { parseDuration } from '../../src/migration/duration.js';
import { pathText, type Mistake } from '../../src/migration/file.js';
import type { NotifySettings } from '../../src/notify/targets.js';
import type { ReportsSettings } from '../../src/report/account/keeper.js';
import type { ProvisionedConnection } from '../../src/provision/provision.js';
import type { RegistryConnection } from '../../src/registry/registry-connection.js';
import { notifySettings, reportsSettings } from './notify.js';
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

export interface TemporalSettings {
  /** What both kinds of connection take; holds secrets, and shows none when it is printed. */
  connection: Pick<NativeConnectionOptions, 'tls' | 'apiKey' | 'metadata'> & { address: string };
  namespace: string;
  taskQueue: string;
  /** Where the web UI is, without a slash at the end; unknown unless the file says so. */
  ui: string | undefined;
  /** What encodes payloads; holds secrets, and shows none when it is printed. */
  codec?: CodecSettings;
}

export interface CodecServerSettings {
  /** `host:port`. */
  address: string;
  origins: readonly string[];
  authorization: 'temporal' | 'token' | 'none';
  token?: string;
  tls?: { certificate: string; key: string };
}

export interface WorkerSettings {
  health: string | undefined;
  metrics: string | undefined;
  /** Where traces are sent by OTLP over HTTP. */
  traces: string | undefined;
  deployment: { name: string; build: string } | undefined;
  maxWatches: number;
  maxChanges: number;
  maxMirrors: number;
  shutdownGraceMs: number;
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
  const filled = fillIn(
    without(document, { worker: temporalOnly, codecServer: !codecServer }, environment),
    environment,
  );
  const mistakes = filled.mistakes.filter(
    ({ path }) => !temporalOnly || !/^(clusters|registries|connect|notify|reports)\b/.test(path),
  );
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
    notify:
      parsed.data.notify && !temporalOnly
        ? discreet(notifySettings(parsed.data.notify, files), secretAddresses)
        : undefined,
    reports:
      parsed.data.reports !== undefined && !temporalOnly
        ? discreet(reportsSettings(parsed.data.reports, files), secretAddresses)
        : undefined,
  };
  mistakes.push(...files.mistakes);
  return mistakes.length > 0 ? { mistakes } : { value: config };
}

/** Leaves out a section that is not needed where its variables are not set: it cannot be checked then. */
function without(document: unknown, sections: Record<string, boolean>, environment: Environment): unknown {
  if (typeof document !== 'object' || document === null) return document;
  return Object.fromEntries(
    Object.entries(document).filter(
      ([key, section]) => !sections[key] || fillIn(section, environment).mistakes.length === 0,
    ),
  );
}

type Issue = NonNullable<ReturnType<typeof configShape.safeParse>['error']>['issues'][number];

function mistakesOf(issue: Issue, under: readonly PropertyKey[] = []): Mistake[] {
  const path = [...under, ...issue.path];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      path: pathText([...path, key]),
      expected: 'is not a key of ferry.yaml',
    }));
  // What is an object was meant as one, so its own mistakes say more than "expected true, or an object".
  const meant =
    issue.code === 'invalid_union'
      ? issue.errors.find(([first]) => first?.path.length !== 0 || first.code !== 'invalid_type')
      : undefined;
  return meant
    ? meant.flatMap((inner) => mistakesOf(inner, path))
    : [{ path: pathText(path), expected: issue.message }];
}

function clusterConnections(
  sections: ConfigFile['clusters'],
  files: Files,
): Record<string, ProvisionedConnection> {
  return Object.fromEntries(
    Object.entries(sections).map(([name, section]) => [
      name,
      clusterConnection(section, `clusters.${name}`, files),
    ]),
  );
}

function declarationsOf(sections: ConfigFile['clusters'], files: Files): Record<string, Declaration> {
  return Object.fromEntries(
    Object.entries(sections).flatMap(([name, { provision }]) => {
      const declaration = provision && declarationOf(provision, files);
      return declaration ? [[name, declaration]] : [];
    }),
  );
}

function clusterConnection(
  { bootstrap, sasl, tls, provision }: ClusterSection,
  path: string,
  files: Files,
): ProvisionedConnection {
  return discreet({
    bootstrap,
    ...(sasl && { sasl: saslLogin(sasl, `${path}.sasl`, files) }),
    ...(tls && { tls: tlsTexts(tls, `${path}.tls`, files) }),
    ...provisionOf(provision, `${path}.provision`, files),
  });
}

/** Where others make topics and rights, from files, nothing is provisioned: see `declarationOf`. */
function provisionOf(
  section: ProvisionSection | undefined,
  path: string,
  files: Files,
): Pick<ProvisionedConnection, 'provision'> {
  if (section?.kind !== 'aiven') return {};
  const { token, tokenFile, url, ...service } = section;
  return {
    provision: {
      ...service,
      apiToken: token ?? files.secret(tokenFile ?? '', `${path}.tokenFile`),
      ...(url !== undefined && { url: url.replace(/\/+$/, '') }),
    },
  };
}

function saslLogin(section: SaslSection, path: string, files: Files): NonNullable<ClusterConnection['sasl']> {
  if (section.mechanism === 'aws-msk-iam') {
    const { region, profile, role } = section;
    const token = { region, ...(profile !== undefined && { profile }), ...(role !== undefined && { role }) };
    return { mechanism: 'oauthbearer', token: { from: 'msk', ...token } };
  }
  if (section.mechanism === 'gssapi') return ticketLogin(section, files);
  if (section.mechanism !== 'oauthbearer') {
    const { mechanism, username, password, passwordFile } = section;
    return {
      mechanism,
      username,
      password: password ?? files.secret(passwordFile ?? '', `${path}.passwordFile`),
    };
  }
  const { mechanism, tokenEndpoint, tokenFile, extensions } = section;
  return {
    mechanism,
    token: tokenEndpoint
      ? tokenEndpointOf(tokenEndpoint, `${path}.tokenEndpoint`, files)
      : { from: 'file', path: files.path(tokenFile ?? '') },
    ...(extensions && { extensions }),
  };
}

function ticketLogin(
  { keytab, cache = '', principal, service, krb5Conf }: Extract<SaslSection, { mechanism: 'gssapi' }>,
  files: Files,
): TicketLogin {
  const conf = krb5Conf !== undefined && { krb5Conf: files.path(krb5Conf) };
  if (keytab !== undefined && principal !== undefined)
    return {
      mechanism: 'gssapi',
      service,
      tickets: { from: 'keytab', path: files.path(keytab), principal, ...conf },
    };
  // A cache of a kind (`KCM:`, `KEYRING:…`) is named by more than a path.
  const [, prefix, path] = /^(FILE:|DIR:)?(.*)$/s.exec(cache) ?? [];
  const name = /^[A-Z]{2,}:/.test(path ?? '') ? cache : `${prefix ?? 'FILE:'}${files.path(path ?? '')}`;
  return {
    mechanism: 'gssapi',
    service,
    tickets: { from: 'cache', name, ...(principal !== undefined && { principal }), ...conf },
  };
}

function tokenEndpointOf(
  { clientSecret, clientSecretFile, tls, scope, audience, ...section }: TokenEndpointSection,
  path: string,
  files: Files,
): TokenEndpoint {
  return {
    from: 'endpoint',
    ...section,
    clientSecret: clientSecret ?? files.secret(clientSecretFile ?? '', `${path}.clientSecretFile`),
    ...(scope !== undefined && { scope }),
    ...(audience !== undefined && { audience }),
    ...(tls && { tls: tlsTexts(tls, `${path}.tls`, files) }),
  };
}

function registryConnections(
  sections: ConfigFile['registries'],
  files: Files,
): Record<string, RegistryConnection> {
  return Object.fromEntries(
    Object.entries(sections).map(([name, section]) => [
      name,
      discreet(httpConnection(section, `registries.${name}`, files)),
    ]),
  );
}

function httpConnection(
  { url, username, password, passwordFile, tls }: RegistrySection,
  path: string,
  files: Files,
): HttpConnection {
  return {
    url: url.replace(/\/+$/, ''),
    ...(username !== undefined && {
      login: { username, password: password ?? files.secret(passwordFile ?? '', `${path}.passwordFile`) },
    }),
    ...(tls && { tls: tlsTexts(tls, `${path}.tls`, files) }),
  };
}

function connectConnections(
  sections: ConfigFile['connect'],
  files: Files,
): Record<string, ConnectConnection> {
  return Object.fromEntries(
    Object.entries(sections).map(([name, section]) => [
      name,
      discreet({
        ...httpConnection(section, `connect.${name}`, files),
        sourceClient: section.sourceClient,
        targetClient: section.targetClient,
      }),
    ]),
  );
}

function tlsTexts(
  tls: Exclude<TlsSection, false>,
  path: string,
  files: Files,
): NonNullable<ClusterConnection['tls']> {
  if (tls === true) return {};
  const { ca, certificate, key, keyPassword } = tls;
  return {
    ...(ca !== undefined && { ca: files.text(ca, `${path}.ca`) }),
    ...(certificate !== undefined && { certificate: files.text(certificate, `${path}.certificate`) }),
    ...(key !== undefined && { key: files.text(key, `${path}.key`) }),
    ...(keyPassword !== undefined && { keyPassword }),
  };
}

function temporalSettings(
  section: ConfigFile['temporal'],
  files: Files,
  environment: Environment,
  mistakes: Mistake[],
): TemporalSettings {
  const { taskQueue } = section;
  const ui = section.ui?.replace(/\/+$/, '');
  const address = section.address;
  if (address === undefined) {
    const found = environmentConfig(environment, mistakes);
    return { ...found, namespace: section.namespace ?? found.namespace, taskQueue, ui };
  }
  const texts = section.tls ? tlsTexts(section.tls, 'temporal.tls', files) : undefined;
  const { ca, certificate, key } = texts ?? {};
  const tls = texts && {
    ...(ca !== undefined && { serverRootCACertificate: Buffer.from(ca) }),
    ...(certificate !== undefined &&
      key !== undefined && {
        clientCertPair: { crt: Buffer.from(certificate), key: Buffer.from(key) },
      }),
  };
  const connection = discreet({
    address,
    ...(section.tls === false ? { tls: false } : tls && { tls }),
    ...(section.apiKey !== undefined && { apiKey: section.apiKey }),
  });
  return { connection, namespace: section.namespace ?? 'default', taskQueue, ui };
}

/** `TEMPORAL_ADDRESS` and the like, and the profiles of `temporal.toml`: what Temporal's own tools read. */
function environmentConfig(
  environment: Environment,
  mistakes: Mistake[],
): Pick<TemporalSettings, 'connection' | 'namespace'> {
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({
      overrideEnvVars: definedOf(environment),
    });
    const { address = '127.0.0.1:7233', tls, apiKey, metadata } = connectionOptions;
    return {
      connection: discreet({
        address,
        ...(tls !== undefined && { tls }),
        ...(apiKey !== undefined && { apiKey }),
        ...(metadata !== undefined && { metadata }),
      }),
      namespace: namespace ?? 'default',
    };
  } catch {
    mistakes.push({
      path: 'temporal',
      expected:
        "Temporal's own configuration (TEMPORAL_… in the environment, or temporal.toml) cannot be read: mend it, or give temporal.address",
    });
    return { connection: { address: '' }, namespace: '' };
  }
}

function definedOf(environment: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function codecSettings(section: ConfigFile['temporal']['codec'], folder: string): { codec?: CodecSettings } {
  if (section === undefined) return {};
  const { module, options } = typeof section === 'string' ? { module: section } : { options: {}, ...section };
  return { codec: discreet({ module, options, folder: resolve(folder) }) };
}

function codecServerSettings(
  section: ConfigFile['codecServer'],
  files: Files,
): { codecServer?: CodecServerSettings } {
  if (section === undefined) return {};
  const { token, tokenFile, tls, ...rest } = section;
  const secret = token ?? (tokenFile && files.secret(tokenFile, 'codecServer.tokenFile'));
  return {
    codecServer: discreet({
      ...rest,
      ...(secret !== undefined && { token: secret }),
      ...(tls && {
        tls: {
          certificate: files.text(tls.certificate, 'codecServer.tls.certificate'),
          key: files.text(tls.key, 'codecServer.tls.key'),
        },
      }),
    }),
  };
}

/** As OpenTelemetry's own variables have it: of the first the whole address, of the second what comes before the path. */
function tracesOf(environment: Environment): string | undefined {
  const traces = environment['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];
  const all = environment['OTEL_EXPORTER_OTLP_ENDPOINT'];
  return traces || (all ? `${all.replace(/\/+$/, '')}/v1/traces` : undefined);
}

function workerSettings(
  {
    health,
    metrics,
    traces,
    deployment,
    maxWatches,
    maxChanges,
    maxMirrors,
    shutdownGrace,
  }: ConfigFile['worker'],
  environment: Environment,
): WorkerSettings {
  const shutdownGraceMs = parseDuration(shutdownGrace) ?? 0;
  return {
    ...{
      health: health ?? environment['FERRY_HEALTH'],
      metrics,
      traces: traces ?? tracesOf(environment),
      deployment,
    },
    ...{ maxWatches, maxChanges, maxMirrors, shutdownGraceMs },
  };
}

const secretKeys = new Set([
  'secret',
  'password',
  'clientSecret',
  'key',
  'keyPassword',
  'apiKey',
  'apiToken',
  'metadata',
  'clientCertPair',
  'options',
  'token',
]);

/** The address of a chat is a secret, and that of a webhook may hold one. */
const secretAddresses: ReadonlySet<string> = new Set([...secretKeys, 'url']);

/** The same object, which hides its secrets from `JSON.stringify`, `console.log` and loggers. */
function discreet<T extends object>(value: T, secrets: ReadonlySet<string> = secretKeys): T {
  const shown = (): unknown =>
    JSON.parse(JSON.stringify({ ...value }, (key, item: unknown) => (secrets.has(key) ? '(hidden)' : item)));
  return Object.defineProperties(value, {
    toJSON: { value: shown, enumerable: false },
    [inspect.custom]: { value: shown, enumerable: false },
  });
}
