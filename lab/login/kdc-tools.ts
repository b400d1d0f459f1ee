import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LabError, type Progress, silent } from '../host/failure.js';
import { cacheFolder, exists, makeOnce } from '../host/folders.js';
import { onPath } from '../host/on-path.js';
import { runTool } from '../host/tool.js';

/** MIT Kerberos as a KDC needs it. */
export interface KdcTools {
  /** The whole path of `krb5kdc`, `kdb5_util`, `kadmin.local` or `kinit`. */
  command(name: string): string;
  /** Where its libraries and its database module are, when the system has them nowhere. */
  libraries?: readonly string[];
  databaseModules?: string;
  /** libfaketime, which shifts the clock of one process. */
  shiftedClock?: string;
}

const missing =
  'No MIT Kerberos found: install its KDC (Debian: apt-get install krb5-kdc krb5-admin-server krb5-user libfaketime).';
const missingLists =
  "No MIT Kerberos found, and Debian's packages of it cannot be fetched: run apt-get update, or apt-get install krb5-kdc krb5-admin-server krb5-user libfaketime";

/** What a KDC is, with each library of it: of those that the system has, it may have another version. */
const packages = [
  ...['krb5-kdc', 'krb5-admin-server', 'krb5-user', 'libfaketime'],
  ...['libkrb5-3', 'libkrb5support0', 'libk5crypto3', 'libgssapi-krb5-2', 'libgssrpc4', 'libkdb5-10'],
  ...[
    'libkadm5clnt-mit12',
    'libkadm5srv-mit12',
    'libcom-err2',
    'libkeyutils1',
    'libss2',
    'libverto1',
    'libverto-libev1',
    'libev4',
  ],
];

/**
 * The KDC that is installed, else one that is unpacked from Debian's packages into the cache: nothing of the machine is
 * changed, so nobody has to be root.
 * @throws LabError one sentence.
 */
export async function kdcTools(progress: Progress = silent): Promise<KdcTools> {
  const installed = await onPath('krb5kdc', ['/usr/sbin', '/usr/local/sbin']);
  if (installed) {
    const shiftedClock = await faketimeUnder('/usr/lib');
    return {
      command: (name) => (name === 'kinit' ? name : join(dirname(installed), name)),
      ...(shiftedClock !== undefined && { shiftedClock }),
    };
  }
  const root = await unpacked(progress);
  const triplet = await tripletOf(join(root, 'usr/lib'));
  const libraries = [join(root, 'usr/lib', triplet), join(root, 'lib', triplet)];
  return {
    command: (name) => join(root, 'usr', name === 'kinit' ? 'bin' : 'sbin', name),
    libraries,
    databaseModules: join(root, 'usr/lib', triplet, 'krb5/plugins/kdb'),
    shiftedClock: join(root, 'usr/lib', triplet, faketime),
  };
}

async function unpacked(progress: Progress): Promise<string> {
  if (!(await onPath('apt-get')) || !(await onPath('dpkg-deb'))) throw new LabError(missing);
  return makeOnce(cacheFolder('mit-kerberos'), async (empty) => {
    progress('MIT Kerberos: downloading');
    const options = { label: 'MIT Kerberos: downloading', missing, progress, cwd: empty };
    await runTool('apt-get', ['download', '-qq', ...packages], options).catch((error: unknown) => {
      throw new LabError(`${missingLists} (${(error as Error).message}).`);
    });
    for (const file of (await readdir(empty)).filter((name) => name.endsWith('.deb')))
      await runTool('dpkg-deb', ['-x', file, '.'], { ...options, label: `unpacking ${file}` });
  });
}

const faketime = 'faketime/libfaketime.so.1';

async function faketimeUnder(folder: string): Promise<string | undefined> {
  const path = join(folder, await tripletOf(folder).catch(() => ''), faketime);
  return (await exists(path)) ? path : undefined;
}

/** Debian's name for the kind of machine: `x86_64-linux-gnu`. */
async function tripletOf(folder: string): Promise<string> {
  const found = (await readdir(folder)).find((name) => /^[a-z0-9_]+-linux-gnu/.test(name));
  if (found === undefined) throw new LabError(missing);
  return found;
}
