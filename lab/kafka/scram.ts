import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

const ITERATIONS = 4096;
const HASH = 'sha512';
const HASH_BYTES = 64;

/**
 * What a broker keeps of a password for SCRAM-SHA-512 (RFC 5802, section 3), in the form that Kafka writes it to
 * ZooKeeper (`ScramCredentialUtils.credentialToString`).
 */
export async function scramCredential(password: string): Promise<string> {
  const salt = randomBytes(24);
  const salted = await promisify(pbkdf2)(password, salt, ITERATIONS, HASH_BYTES, HASH);
  const hmac = (text: string) => createHmac(HASH, salted).update(text).digest();
  const storedKey = createHash(HASH).update(hmac('Client Key')).digest();
  return [
    `salt=${salt.toString('base64')}`,
    `stored_key=${storedKey.toString('base64')}`,
    `server_key=${hmac('Server Key').toString('base64')}`,
    `iterations=${ITERATIONS}`,
  ].join();
}
