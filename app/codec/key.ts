import { FerryError } from '../../src/migration/errors.js';

const keyBytes = 32;

/**
 * A key of AES-256 as base64, base64url or hex, as `openssl rand -base64 32` and `-hex 32` write it.
 * @throws FerryError `BadInput`, which does not quote it
 */
export function readKey(path: string, written: string): Buffer {
  const text = written.trim();
  const key = /^[0-9a-f]{64}$/i.test(text)
    ? Buffer.from(text, 'hex')
    : /^[\w+/-]{43}=?$/.test(text)
      ? Buffer.from(text, 'base64')
      : undefined;
  if (key?.length !== keyBytes)
    throw new FerryError(
      'BadInput',
      `${path}: expected a key of 32 bytes in base64 or hex, for example by openssl rand -base64 32.`,
    );
  return key;
}
