import { expect, test } from '@jest/globals';
import { unprotectedLogins } from '../../app/config/unprotected.js';

const login = { username: 'ferry', password: 's3cret' };
const bootstrap = ['127.0.0.1:9092'];
const endpoint = (url: string) => ({
  ...{ from: 'endpoint' as const, url, clientId: 'ferry', clientSecret: 's3cret' },
  authentication: 'basic' as const,
});
const clients = { sourceClient: {}, targetClient: {} };

test('a password that goes over the network as it is is warned of, by the name of whom it is for', () => {
  const found = unprotectedLogins({
    clusters: {
      plain: { bootstrap, sasl: { mechanism: 'plain', ...login } },
      safe: { bootstrap, sasl: { mechanism: 'plain', ...login }, tls: {} },
      scram: { bootstrap, sasl: { mechanism: 'scram-sha-512', ...login } },
      open: { bootstrap },
      token: { bootstrap, sasl: { mechanism: 'oauthbearer', token: { from: 'file', path: '/token' } } },
      endpoint: {
        bootstrap,
        tls: {},
        sasl: { mechanism: 'oauthbearer', token: endpoint('http://tokens/token') },
      },
      safeEndpoint: {
        bootstrap,
        tls: {},
        sasl: { mechanism: 'oauthbearer', token: endpoint('https://tokens/token') },
      },
    },
    registries: {
      basic: { url: 'http://registry:8081', login },
      safe: { url: 'https://registry:8081', login },
      open: { url: 'http://registry:8081' },
    },
    connect: { basic: { url: 'HTTP://connect:8083', login, ...clients } },
  });
  expect(found.map(({ key }) => key)).toEqual([
    'login-unprotected:clusters.plain',
    'login-unprotected:clusters.token',
    'login-unprotected:clusters.endpoint',
    'login-unprotected:registries.basic',
    'login-unprotected:connect.basic',
  ]);
  expect(JSON.stringify(found)).not.toContain('s3cret');
});
