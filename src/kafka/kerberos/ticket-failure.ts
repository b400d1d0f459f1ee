import { readFile } from 'node:fs/promises';
import { FerryError } from '../../migration/errors.js';
import { few, named } from '../../migration/foreign-text.js';
import { principalsOf } from './keytab.js';
import type { Keytab, TicketOrigin } from './ticket-origin.js';

/** How a sentence calls it. */
const called = (origin: TicketOrigin): string =>
  origin.from === 'keytab' ? `the keytab ${origin.path}` : `the credential cache ${origin.name}`;

export function notInstalled(cluster: string): FerryError {
  return new FerryError(
    'BadInput',
    `Cluster "${cluster}" asks for gssapi, and Kerberos is not installed: install its library and headers (Debian: libkrb5-dev), then run npm install kerberos where the ferry is installed.`,
  );
}

export function silentKdc(cluster: string, origin: TicketOrigin, realm?: string): FerryError {
  return new FerryError(
    'Unreachable',
    `No KDC${realm === undefined ? '' : ` of the realm ${named(realm)}`} answered when a ticket for cluster "${cluster}" was asked for with ${called(origin)}: check that it runs, the network, and its address in krb5.conf.`,
  );
}

/**
 * Why there is no ticket for `service/host`, in one sentence.
 *
 * @param said what MIT's library says of it, in English (`lib/krb5/error_tables`, `lib/gssapi/krb5`). It is looked
 *   through for what it is about and not shown, but for the names of principals and realms.
 */
export async function ticketFailure(
  cluster: string,
  origin: TicketOrigin,
  service: string,
  said: string,
): Promise<FerryError> {
  const refused = (sentence: string) => new FerryError('Unauthenticated', sentence);
  const unasked = `with ${called(origin)} for cluster "${cluster}"`;
  const about = (pattern: RegExp): string | undefined => pattern.exec(said)?.[1]?.slice(0, 200);
  const realm = about(/realm ["']([^"']+)["']/);
  const who = origin.principal ?? about(/[Cc]lient (?:principal )?'?([^\s']+@[^\s']+)/) ?? 'the principal';

  if (/libgssapi_krb5|libkrb5\.so/.test(said)) return notInstalled(cluster);
  if (
    /Cannot contact any KDC|Cannot resolve network address for KDC|Connection (refused|timed out)/.test(said)
  )
    return silentKdc(cluster, origin, realm);
  if (/Cannot find KDC for realm/.test(said))
    return refused(
      `Kerberos knows no KDC of ${realm === undefined ? "the principal's realm" : `the realm ${named(realm)}`}, so no ticket can be asked for ${unasked}: check the realm of principal, and give the KDC in krb5.conf.`,
    );
  if (/Clock skew too great/.test(said))
    return refused(
      `The clock of this machine and that of the KDC are further apart than Kerberos allows, by default five minutes, so there is no ticket ${unasked}: set the clocks right.`,
    );
  const server = about(/Server (\S+) not found in Kerberos database/);
  if (server?.startsWith('krbtgt/'))
    return refused(
      `The KDC knows no way to the realm of ${service} (it has no ${named(server)}), so there is no ticket ${unasked}: check [domain_realm] in krb5.conf, and that the realms trust each other.`,
    );
  if (server !== undefined)
    return refused(
      `The KDC knows no service ${named(server)}, so there is no ticket ${unasked}: check service, which is sasl.kerberos.service.name of the brokers, and that their principals have the host names under which the ferry reaches them.`,
    );
  if (/Client .*not found in Kerberos database/.test(said))
    return refused(
      `The KDC knows no principal ${named(who)}: check principal and ${called(origin)} for cluster "${cluster}".`,
    );
  if (/Decrypt integrity check failed|Preauthentication failed|Password incorrect|[Kk]ey version/.test(said))
    return refused(
      `The KDC does not take the key of ${named(who)} in ${called(origin)} for cluster "${cluster}": the key has been changed there, so get a new keytab.`,
    );
  if (/expired in database|credentials have been revoked|locked out/.test(said))
    return refused(
      `The KDC has locked the principal ${named(who)} or let it expire, so there is no ticket ${unasked}: have it unlocked.`,
    );
  if (/encryption type|etype/i.test(said))
    return refused(
      `The KDC and ${called(origin)} for cluster "${cluster}" have no kind of encryption in common: get a keytab with keys of kinds that the KDC allows.`,
    );
  if (origin.from === 'keytab') {
    const wrong = await keytabFault(origin);
    if (wrong !== undefined) return refused(`The keytab ${origin.path} for cluster "${cluster}" ${wrong}`);
  }
  if (/expired/i.test(said) && origin.from === 'keytab')
    return new FerryError(
      'Unreachable',
      `The ticket for cluster "${cluster}" ended in the middle of a login: the next login gets a new one with ${called(origin)}.`,
    );
  if (/expired/i.test(said))
    return refused(
      `The tickets in ${called(origin)} for cluster "${cluster}" have ended: see that whatever renews them runs.`,
    );
  if (
    /Can't find client principal|No Kerberos credentials available|No credentials cache|not found|No such file/.test(
      said,
    )
  )
    return refused(
      `There are no tickets${origin.principal === undefined ? '' : ` of ${named(origin.principal)}`} in ${called(origin)} for cluster "${cluster}": see that whatever gets them runs, as the same user, and for the same principal.`,
    );
  return refused(
    `Kerberos gives no ticket for ${named(service)} ${unasked}: start the worker with KRB5_TRACE=/dev/stderr to see why.`,
  );
}

/** What is wrong with it as a file: the library says of a keytab that it cannot use only that there are no tickets. */
async function keytabFault({ path, principal }: Keytab): Promise<string | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT'
      ? 'is not there: check the path.'
      : `cannot be read (${code ?? 'unknown'}): check its rights.`;
  }
  const there = principalsOf(bytes);
  if (!there) return 'is no keytab: check the path, and get the file anew.';
  if (there.includes(principal)) return undefined;
  return there.length === 0
    ? 'holds no keys: get it anew.'
    : `holds no key of ${named(principal)}, but of ${few(there, 3)}: check principal and its realm.`;
}
