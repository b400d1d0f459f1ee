import { expect, test } from '@jest/globals';
import { unprotectedLogins } from '../../app/config/unprotected.js';

const login = { username: 'ferry', password: 'secret' };
const bootstrap = ['127.0.0.1:9092'];
const clients = { sourceClient: {}, targetClient: {} };

test('a password that goes over the network as it is is warned of, by the name of whom it is for', () => {
  const found = unprotectedLogins({
    clusters: {
      plain: { bootstrap, sasl: { mechanism: 'plain', ...login } },
      safe: { bootstrap, sasl: { mechanism: 'plain', ...login }, tls: {} },
      scram: { bootstrap, sasl: { mechanism: 'scram-sha-512', ...login } },
      open: { bootstrap },
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
    'login-unprotected:registries.basic',
    'login-unprotected:connect.basic',
  ]);
  expect(JSON.stringify(found)).not.toContain('secret');
});
