import type { Config } from './config.js';

/** Passwords, tokens and client secrets that whoever listens on the way can read, in a sentence each. */
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
  const tokens = Object.entries(clusters).flatMap(([name, { sasl, tls }]) => {
    if (sasl?.mechanism !== 'oauthbearer') return [];
    const key = `login-unprotected:clusters.${name}`;
    return [
      ...(tls
        ? []
        : [
            {
              key,
              sentence: `The token for the cluster ${name} goes over the network as it is (OAUTHBEARER without TLS), and logs in whoever reads it: set tls in ferry.yaml.`,
            },
          ]),
      ...(sasl.token.from === 'endpoint' && /^http:/i.test(sasl.token.url)
        ? [
            {
              key,
              sentence: `The client secret for the tokens of the cluster ${name} goes over the network as it is (tokenEndpoint over http): use an https address in ferry.yaml.`,
            },
          ]
        : []),
    ];
  });
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
  return [...plain, ...tokens, ...basic];
}
