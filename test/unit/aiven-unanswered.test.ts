import { expect, test } from '@jest/globals';
import { isLasting, unanswered, unansweredBy } from '../../src/provision/aiven/unanswered.js';

/** As `fetch` fails. */
const failing = (code: string) => Object.assign(new TypeError('fetch failed'), { cause: { code } });

const told = (error: unknown, changes = false) =>
  unanswered('target', { url: 'https://aiven.example/v1' }, { about: 'it', changes }, unansweredBy(error));

test.each([
  ['ENOTFOUND', '(ENOTFOUND): check the host name in url'],
  ['EAI_AGAIN', '(EAI_AGAIN): check the host name in url'],
  ['UND_ERR_CONNECT_TIMEOUT', '(timed out): check url'],
  ['UND_ERR_HEADERS_TIMEOUT', '(timed out): check url'],
  ['ECONNRESET', '(connection closed): check url'],
  [
    'EMSGSIZE',
    '(an answer too long): check url under provision in ferry.yaml: something else answers there.',
  ],
])('a request that ends with %s is Unreachable, and says what to check', (code, says) => {
  const { type, message } = told(failing(code));
  expect(type).toBe('Unreachable');
  expect(message).toContain(`Aiven's API at aiven.example did not answer about cluster "target" ${says}`);
});

test.each([
  ['SELF_SIGNED_CERT_IN_CHAIN', 'does not trust'],
  ['CERT_HAS_EXPIRED', 'has expired'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'for other names'],
])('a certificate with %s is Unauthenticated, and asking again does not help', (code, says) => {
  const { type, message } = told(failing(code));
  expect(type).toBe('Unauthenticated');
  expect(message).toContain(says);
  expect(isLasting(unansweredBy(failing(code)))).toBe(true);
});

test('what was never sent was not done; what was sent may be', () => {
  const arrived = (code: string) => unansweredBy(failing(code)).perhapsArrived;
  expect(['ENOTFOUND', 'ECONNREFUSED', 'CERT_HAS_EXPIRED'].map(arrived)).toEqual([false, false, false]);
  expect(['ECONNRESET', 'UND_ERR_HEADERS_TIMEOUT', 'EPIPE'].map(arrived)).toEqual([true, true, true]);
  const both = { cause: { errors: [{ code: 'ECONNREFUSED' }, { code: 'ECONNREFUSED' }] } };
  expect(unansweredBy(both)).toEqual({ code: 'ECONNREFUSED', perhapsArrived: false });
});

test('only who asked for a change is told of what was made', () => {
  expect(told(failing('ECONNRESET')).message).not.toContain('made');
  expect(told(failing('ECONNRESET'), true).message).toContain('nothing is made twice');
});
