import type { Config } from './config.js';

/** Passwords that whoever listens on the way can read, in a sentence each: one for each cluster, registry and Connect. */
export function unprotectedLogins({
  clusters,
  registries,
  connect,
}: Pick<Config, 'clusters' | 'registries' | 'connect'>): { key: string; sentence: string }[] {
  const plain = Object.entries(clusters).flatMap(([name, { sasl, tls }]) =>
    sasl?.mechanism === 'plain' && !tls
      ? [
          {
            key: `login-unprotected:clusters.${name}`,
            sentence: `The password for the cluster ${name} goes over the network as it is (SASL PLAIN without TLS): set tls in ferry.yaml, or use SCRAM.`,
          },
        ]
      : [],
  );
  const basic = [
    ...Object.entries(registries).map(([name, { url, login }]) => ({
      kind: 'registry',
      section: 'registries',
      name,
      url,
      login,
    })),
    ...Object.entries(connect).map(([name, { url, login }]) => ({
      kind: 'Kafka Connect',
      section: 'connect',
      name,
      url,
      login,
    })),
  ].flatMap(({ kind, section, name, url, login }) =>
    login && /^http:/i.test(url)
      ? [
          {
            key: `login-unprotected:${section}.${name}`,
            sentence: `The password for the ${kind} ${name} goes over the network as it is (basic authentication over http): use an https address in ferry.yaml.`,
          },
        ]
      : [],
  );
  return [...plain, ...basic];
}
