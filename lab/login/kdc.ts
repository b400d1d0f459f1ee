import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { LabError, type Progress, silent } from '../host/failure.js';
import { Server } from '../host/server.js';
import { runTool } from '../host/tool.js';
import { portIsOpen } from '../kafka/ready.js';
import { FERRY } from '../principals.js';
import { type KdcTools, kdcTools } from './kdc-tools.js';

export const REALM = 'LAB.TEST';
/** All brokers of the lab are on it. */
export const BROKER_HOST = 'localhost';
export const BROKER_PRINCIPAL = `kafka/${BROKER_HOST}@${REALM}`;
/** Short, so that everybody who lives on tickets needs many. */
export const TICKET_SECONDS = 20;

/** Where the KDC of a lab keeps its things. */
export const kdcFolder = (labFolder: string): string => join(labFolder, 'kdc');

export function kdcFiles(folder: string) {
  return {
    /** For everybody who is in the realm. */
    krb5Conf: join(folder, 'krb5.conf'),
    /** For the KDC alone. */
    kdcConf: join(folder, 'kdc.conf'),
    database: join(folder, 'principal'),
    stash: join(folder, 'stash'),
    acl: join(folder, 'kadm5.acl'),
    /** By how much its clock is wrong, as libfaketime takes it; not there: not at all. */
    clock: join(folder, 'clock'),
    keytabOf: (name: string) => join(folder, `${name}.keytab`),
  };
}

/** Kerberos for the lab: a realm of its own, with MIT's KDC. */
export interface LabKdc extends Server {
  folder: string;
  /** Asks `kadmin.local`: `addprinc -randkey billing`. */
  kadmin(query: string): Promise<string>;
  /** Gets a ticket for the ferry into a credential cache of this name, as a person does. */
  kinit(cache: string): Promise<void>;
  /** Starts it again, with a clock that is wrong by so much (`+6m`), or right. */
  withClock(offset?: string): Promise<void>;
}

/** Makes a realm with the ferry and the brokers in it. */
export async function issueTickets(folder: string, port: number, progress: Progress = silent): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = kdcFiles(folder);
  const tools = await kdcTools(progress);
  const mode = 0o600;
  await writeFile(files.krb5Conf, krb5Conf(port), { mode });
  await writeFile(files.kdcConf, kdcConf(folder, port, tools), { mode });
  await writeFile(files.acl, '', { mode });
  await run(folder, tools, 'kdb5_util', ['create', '-s', '-P', randomBytes(18).toString('base64url')]);
  for (const [name, principal] of [
    [FERRY, `${FERRY}@${REALM}`],
    ['kafka', BROKER_PRINCIPAL],
  ] as const) {
    await run(folder, tools, 'kadmin.local', ['-q', `addprinc -randkey ${principal}`]);
    await run(folder, tools, 'kadmin.local', ['-q', `ktadd -k ${files.keytabOf(name)} ${principal}`]);
  }
}

export function labKdc(folder: string, port: number): LabKdc {
  const files = kdcFiles(folder);
  const server = new Server({
    title: 'the KDC',
    folder,
    commandLine: async () => {
      const tools = await kdcTools();
      const offset = await readFile(files.clock, 'utf8').catch(() => undefined);
      if (offset !== undefined && tools.shiftedClock === undefined)
        throw new LabError('A clock can be wrong only with libfaketime: apt-get install libfaketime.');
      const clock = offset === undefined ? {} : { LD_PRELOAD: tools.shiftedClock ?? '', FAKETIME: offset };
      const environment = Object.entries({ ...environmentOf(folder, tools), ...clock });
      return {
        command: 'env',
        args: [...environment.map(([name, value]) => `${name}=${value}`), tools.command('krb5kdc'), '-n'],
      };
    },
    ready: () => portIsOpen(port),
  });
  return Object.assign(server, {
    folder,
    kadmin: async (query: string) => run(folder, await kdcTools(), 'kadmin.local', ['-q', query]),
    kinit: async (cache: string) => {
      const keytab = files.keytabOf(FERRY);
      await run(folder, await kdcTools(), 'kinit', ['-c', cache, '-k', '-t', keytab, `${FERRY}@${REALM}`]);
    },
    withClock: async (offset?: string) => {
      await server.kill();
      if (offset === undefined) await rm(files.clock, { force: true });
      else await writeFile(files.clock, offset);
      await server.start();
    },
  });
}

async function run(folder: string, tools: KdcTools, name: string, args: readonly string[]): Promise<string> {
  return runTool(tools.command(name), args, {
    label: `Kerberos: ${name}`,
    missing: `There is no ${name} beside krb5kdc: install krb5-kdc and krb5-admin-server.`,
    progress: silent,
    env: { ...process.env, ...environmentOf(folder, tools) },
  });
}

function environmentOf(folder: string, { libraries }: KdcTools): Record<string, string> {
  const files = kdcFiles(folder);
  return {
    KRB5_CONFIG: files.krb5Conf,
    KRB5_KDC_PROFILE: files.kdcConf,
    ...(libraries && { LD_LIBRARY_PATH: libraries.join(delimiter) }),
  };
}

/** All is on this machine, and no name of it is looked up. */
const krb5Conf = (port: number): string => `[libdefaults]
 default_realm = ${REALM}
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
 rdns = false
 udp_preference_limit = 1
[realms]
 ${REALM} = {
  kdc = 127.0.0.1:${port}
 }
`;

function kdcConf(folder: string, port: number, { databaseModules }: KdcTools): string {
  const files = kdcFiles(folder);
  return `[kdcdefaults]
 kdc_listen = ""
 kdc_tcp_listen = 127.0.0.1:${port}
[realms]
 ${REALM} = {
  database_name = ${files.database}
  key_stash_file = ${files.stash}
  acl_file = ${files.acl}
  max_life = ${TICKET_SECONDS}s
  default_principal_flags = +preauth
 }
${databaseModules === undefined ? '' : `[dbmodules]\n db_module_dir = ${databaseModules}\n`}[logging]
 kdc = STDERR
`;
}
