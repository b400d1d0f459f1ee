import { createPrivateKey } from 'node:crypto';
import { resolve } from 'node:path';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import type { Mistake } from '../../src/migration/mistakes.js';
import type { CodecSettings } from '../codec/open.js';
import { discreet } from './discreet.js';
import type { ConfigFile } from './schema.js';
import { tlsTexts } from './tls.js';
import type { Environment, Files } from './values.js';

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

/** All but the codec, which starts from the folder of the file: see `codecSettings`. */
export function temporalSettings(
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
  const { ca, certificate, key, keyPassword } = texts ?? {};
  const tls = texts && {
    ...(ca !== undefined && { serverRootCACertificate: Buffer.from(ca) }),
    ...(certificate !== undefined &&
      key !== undefined && {
        clientCertPair: {
          crt: Buffer.from(certificate),
          key: Buffer.from(keyPassword === undefined ? key : opened(key, keyPassword, mistakes)),
        },
      }),
  };
  const connection = discreet({
    address,
    ...(section.tls === false ? { tls: false } : tls && { tls }),
    ...(section.apiKey !== undefined && { apiKey: section.apiKey }),
  });
  return { connection, namespace: section.namespace ?? 'default', taskQueue, ui };
}

/** Temporal's SDK takes keys without a password alone. */
function opened(key: string, passphrase: string, mistakes: Mistake[]): string {
  try {
    return createPrivateKey({ key, passphrase }).export({ type: 'pkcs8', format: 'pem' }).toString();
  } catch {
    // A file that is not there has been told of.
    if (key !== '')
      mistakes.push({
        path: 'temporal.tls.keyPassword',
        expected: 'does not open temporal.tls.key, which is to be a private key in PEM',
      });
    return '';
  }
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

/** @param folder what the path of a module starts from. */
export function codecSettings(
  section: ConfigFile['temporal']['codec'],
  folder: string,
): { codec?: CodecSettings } {
  if (section === undefined) return {};
  const { module, options } = typeof section === 'string' ? { module: section } : { options: {}, ...section };
  return { codec: discreet({ module, options, folder: resolve(folder) }) };
}
