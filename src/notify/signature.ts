import { createHmac } from 'node:crypto';

/**
 * The headers of Standard Webhooks 1.0.0 (https://www.standardwebhooks.com): HMAC-SHA256 over `id.timestamp.body` with the
 * bytes of the secret.
 *
 * @param secret as it is shown to people: `whsec_` and base64
 * @param at when it is sent: a receiver refuses what is older than some minutes
 */
export function signed(secret: string, id: string, at: Date, body: string): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const digest = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${digest}`,
  };
}

/** As many bytes as the scheme asks for. */
const shortestKey = 24;
const longestKey = 64;

export const isSecret = (secret: string): boolean =>
  /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(secret) &&
  keyOf(secret).length >= shortestKey &&
  keyOf(secret).length <= longestKey;

const keyOf = (secret: string): Buffer => Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
