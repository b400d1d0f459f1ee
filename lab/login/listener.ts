import type { Settings } from '../kafka/settings.js';
import type { ClusterName } from '../principals.js';
import { BROKER_HOST } from './kdc.js';
import {
  kerberosJvmOptions,
  type KerberosListener,
  kerberosLogin,
  kerberosSettings,
} from './kerberos-listener.js';
import { oauthJvmOptions, type OAuthListener, oauthLogin, oauthSettings } from './oauth-listener.js';

/** A listener more of a cluster, LOGIN, where the ferry logs in another way than everybody else, who keeps what there was. */
export type LoginListener = OAuthListener | KerberosListener;

/** How long a proof lasts there: short, so that every connection gives it again while somebody watches (KIP-368). */
export const SESSION_MS = 6_000;

const security = { source: 'SASL_PLAINTEXT', target: 'SASL_SSL' } as const;

/** @param others the broker's settings without it. */
export function loginSettings(name: ClusterName, listener: LoginListener, others: Settings): Settings {
  return {
    'listener.security.protocol.map': `${String(others['listener.security.protocol.map'])},LOGIN:${security[name]}`,
    ...(listener.way === 'oauth'
      ? oauthSettings(name, listener, others, SESSION_MS)
      : kerberosSettings(name, listener, SESSION_MS)),
  };
}

export function loginJvmOptions(listener: LoginListener): string[] {
  return listener.way === 'oauth' ? oauthJvmOptions(listener) : kerberosJvmOptions(listener);
}

/** Tickets are for a host by its name: Java asks for that of an address too. */
export const loginHost = ({ way }: LoginListener): string => (way === 'kerberos' ? BROKER_HOST : '127.0.0.1');

/** The ferry's `sasl` in `ferry.yaml`. */
export function loginSection(listener: LoginListener) {
  return listener.way === 'oauth' ? oauthLogin(listener) : kerberosLogin(listener);
}
