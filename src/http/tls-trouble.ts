/** What the ferry was given for TLS: whom to trust, and who it is. */
interface GivenTls {
  readonly ca?: string | undefined;
  readonly certificate?: string | undefined;
}

const untrusted =
  /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_.*|CERT_(UNTRUSTED|REJECTED|SIGNATURE_FAILURE|CHAIN_TOO_LONG)|INVALID_CA)$/;

const disagreement =
  /^(EPROTO|ERR_SSL_.*(HANDSHAKE_FAILURE|DECRYPT_ERROR|INSUFFICIENT_SECURITY|CIPHER|ILLEGAL_PARAMETER|UNRECOGNIZED_NAME))/;

/**
 * What two sides do not agree on in TLS, and what to do, to go on "The registry at …".
 *
 * @param code Node's name for it: of OpenSSL's verification, or of the alert that the other side has sent
 * @returns undefined: that is nothing of TLS
 */
export function tlsTrouble(code: string, given: GivenTls = {}): string | undefined {
  if (code === 'CERT_HAS_EXPIRED')
    return `shows a certificate that has expired (${code}): renew it there, or set the clock of this machine right`;
  if (code === 'CERT_NOT_YET_VALID')
    return `shows a certificate that is not valid yet (${code}): see that the clocks of both machines are right`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `shows a certificate for other names than this one (${code}): use a name that it is for, or have this one added to it`;
  if (untrusted.test(code))
    return given.ca === undefined
      ? `shows a certificate that the ferry does not trust (${code}): give the authority that signed it as its CA`
      : `shows a certificate that the ferry does not trust (${code}): the CA that it is given has not signed it, so give the one that did`;
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG')
    return `does not speak TLS there (${code}): use the port that does, or take TLS away`;
  if (/^ERR_SSL_.*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/.test(code))
    return given.certificate === undefined
      ? 'asks for a client certificate and the ferry has none: give a certificate and its key'
      : "refused the ferry's client certificate: check that its authority signed it and that it has not expired";
  if (/^ERR_SSL_.*(PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL)/.test(code))
    return `takes no version of TLS that the ferry speaks (${code}): allow 1.2 or 1.3 there`;
  if (/^(ERR_OSSL_|ERR_TLS_INVALID_CONTEXT)/.test(code))
    return `was not asked, because the certificate or key that the ferry has for it cannot be read (${code}): check that they are PEM, belong together, and that the key's password is right`;
  // Not every word of TLS is about what was agreed on: a side that is going away breaks off, too, and comes back.
  if (disagreement.test(code))
    return given.certificate === undefined
      ? `and the ferry do not agree on TLS (${code}): see which versions and ciphers it takes, and give a client certificate if it asks for one`
      : `and the ferry do not agree on TLS (${code}): see which versions and ciphers it takes, and that it knows the ferry's client certificate`;
  return undefined;
}
