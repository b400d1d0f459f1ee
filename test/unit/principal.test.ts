import { expect, test } from '@jest/globals';
import { principalOf } from '../../src/kafka/link/principal.js';

const bootstrap = ['127.0.0.1:9092'];

test('the ferry is who it logs in as, by the user of SASL first', () => {
  const sasl = { mechanism: 'plain', username: 'ferry', password: 'secret' } as const;
  expect(principalOf({ bootstrap, sasl, tls: { certificate: 'none' } })).toBe('User:ferry');
  expect(principalOf({ bootstrap })).toBeUndefined();
  expect(principalOf({ bootstrap, tls: {} })).toBeUndefined();
  // Told when it connects.
  expect(principalOf({ bootstrap, tls: { certificate: 'no certificate' } })).toBeUndefined();
});
