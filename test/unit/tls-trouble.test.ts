import { expect, test } from '@jest/globals';
import { tlsTrouble } from '../../src/http/tls-trouble.js';

const own = { ca: 'PEM', certificate: 'PEM' };

test.each([
  ['CERT_HAS_EXPIRED', undefined, /has expired .*: renew it there/],
  ['CERT_NOT_YET_VALID', undefined, /not valid yet .*clocks/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', undefined, /for other names than this one/],
  [
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    undefined,
    /does not trust .*: give the authority that signed it as its CA$/,
  ],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', own, /the CA that it is given has not signed it/],
  ['ERR_SSL_WRONG_VERSION_NUMBER', undefined, /does not speak TLS there/],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', undefined, /asks for a client certificate/],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN', own, /refused the ferry's client certificate/],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', own, /refused the ferry's client certificate/],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', undefined, /takes no version of TLS that the ferry speaks/],
  ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', undefined, /do not agree on TLS .*versions and ciphers/],
  ['ERR_OSSL_PEM_NO_START_LINE', own, /was not asked, because the certificate or key/],
])('%s is told as what it is', (code, given, sentence) => {
  expect(tlsTrouble(code, given)).toMatch(sentence);
});

test.each(['ECONNRESET', 'ENOTFOUND', 'ERR_SSL_UNEXPECTED_EOF_WHILE_READING', 'ERR_TLS_HANDSHAKE_TIMEOUT'])(
  '%s is no disagreement about TLS, and passes',
  (code) => {
    expect(tlsTrouble(code)).toBeUndefined();
  },
);
