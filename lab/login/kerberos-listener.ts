import type { ClusterName } from '../principals.js';
import { FERRY } from '../principals.js';
import type { Settings } from '../kafka/settings.js';
import { BROKER_PRINCIPAL, kdcFiles, REALM } from './kdc.js';

/** A listener more, LOGIN, for those who bring a ticket. */
export interface KerberosListener {
  way: 'kerberos';
  /** That of the lab's KDC. */
  folder: string;
}

/** @param sessionMs after which the proof is asked for anew (KIP-368) */
export function kerberosSettings(
  name: ClusterName,
  { folder }: KerberosListener,
  sessionMs: number,
): Settings {
  const listener = 'listener.name.login';
  const keytab = kdcFiles(folder).keytabOf('kafka');
  return {
    [`${listener}.sasl.enabled.mechanisms`]: 'GSSAPI',
    ...(name === 'target' && { [`${listener}.ssl.client.auth`]: 'none' }),
    [`${listener}.gssapi.sasl.jaas.config`]:
      'com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true storeKey=true isInitiator=false ' +
      `keyTab="${keytab}" principal="${BROKER_PRINCIPAL}";`,
    [`${listener}.gssapi.connections.max.reauth.ms`]: sessionMs,
    'sasl.kerberos.service.name': 'kafka',
  };
}

export function kerberosJvmOptions({ folder }: KerberosListener): string[] {
  return [`-Djava.security.krb5.conf=${kdcFiles(folder).krb5Conf}`];
}

/** The ferry's section of `ferry.yaml`, without the addresses. */
export function kerberosLogin({ folder }: KerberosListener) {
  const { keytabOf, krb5Conf } = kdcFiles(folder);
  return {
    mechanism: 'gssapi',
    keytab: keytabOf(FERRY),
    principal: `${FERRY}@${REALM}`,
    krb5Conf,
  } as const;
}
