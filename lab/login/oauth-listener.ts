import { pathToFileURL } from 'node:url';
import { type ClusterName, FERRY } from '../principals.js';
import type { Settings } from '../kafka/settings.js';
import { AUDIENCE, ISSUER, tokenFiles, tokenUrl } from './tokens.js';

/** A listener more, LOGIN, for those who bring a token; whoever knew the cluster before keeps the login that it had. */
export interface OAuthListener {
  way: 'oauth';
  /** That of the lab's token server. */
  folder: string;
  port: number;
}

const handlers = 'org.apache.kafka.common.security.oauthbearer';

/**
 * @param others the broker's settings without it.
 * @param sessionMs after which the proof is asked for anew (KIP-368)
 */
export function oauthSettings(
  name: ClusterName,
  { folder }: OAuthListener,
  others: Settings,
  sessionMs: number,
): Settings {
  const mechanisms = name === 'source' ? ['OAUTHBEARER', 'SCRAM-SHA-512'] : ['OAUTHBEARER'];
  const listener = 'listener.name.login';
  return {
    [`${listener}.sasl.enabled.mechanisms`]: mechanisms.join(),
    ...(name === 'target' && { [`${listener}.ssl.client.auth`]: 'none' }),
    ...(name === 'source' && {
      [`${listener}.scram-sha-512.sasl.jaas.config`]: String(
        others['listener.name.client.scram-sha-512.sasl.jaas.config'],
      ),
    }),
    [`${listener}.oauthbearer.sasl.jaas.config`]: `${handlers}.OAuthBearerLoginModule required;`,
    [`${listener}.oauthbearer.sasl.server.callback.handler.class`]: `${handlers}.OAuthBearerValidatorCallbackHandler`,
    ...Object.fromEntries(
      mechanisms.map((one) => [`${listener}.${one.toLowerCase()}.connections.max.reauth.ms`, sessionMs]),
    ),
    'sasl.oauthbearer.jwks.endpoint.url': keysUrl(folder),
    'sasl.oauthbearer.expected.audience': AUDIENCE,
    'sasl.oauthbearer.expected.issuer': ISSUER,
    // Tokens of the lab are made on the machine that reads them.
    'sasl.oauthbearer.clock.skew.seconds': 0,
  };
}

/** Brokers read keys only from where their JVM is told to; newer ones (4.1) tell files from addresses. */
export function oauthJvmOptions({ folder }: OAuthListener): string[] {
  const option = '-Dorg.apache.kafka.sasl.oauthbearer.allowed';
  return [`${option}.urls=${keysUrl(folder)}`, `${option}.files=${tokenFiles(folder).keys}`];
}

/** The ferry's section of `ferry.yaml`, without the addresses. */
export function oauthLogin({ folder, port }: OAuthListener) {
  return {
    mechanism: 'oauthbearer',
    tokenEndpoint: {
      url: tokenUrl(port),
      clientId: FERRY,
      clientSecretFile: tokenFiles(folder).secretOf(FERRY),
    },
  } as const;
}

const keysUrl = (folder: string): string => pathToFileURL(tokenFiles(folder).keys).href;
