import { inspect } from 'node:util';

const secretKeys = new Set([
  'secret',
  'password',
  'clientSecret',
  'key',
  'keyPassword',
  'apiKey',
  'apiToken',
  'metadata',
  'clientCertPair',
  'options',
  'token',
]);

/** The address of a chat is a secret, and that of a webhook may hold one. */
export const secretAddresses: ReadonlySet<string> = new Set([...secretKeys, 'url']);

/** The same object, which hides its secrets from `JSON.stringify`, `console.log` and loggers. */
export function discreet<T extends object>(value: T, secrets: ReadonlySet<string> = secretKeys): T {
  const shown = (): unknown =>
    JSON.parse(JSON.stringify({ ...value }, (key, item: unknown) => (secrets.has(key) ? '(hidden)' : item)));
  return Object.defineProperties(value, {
    toJSON: { value: shown, enumerable: false },
    [inspect.custom]: { value: shown, enumerable: false },
  });
}
