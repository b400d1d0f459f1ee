/** `${provider:path:key}` or `${provider:key}`: Connect's config providers put the value in its place (KIP-297). */
const reference = /\$\{[A-Za-z0-9_-]+:[^}]+\}/g;

/** Client properties whose whole value is a secret. */
const secretProperty = /(password|passphrase|secret|token|credential|\.key|user\.info)$/i;

/** Options of a login module (`sasl.jaas.config`) that are secrets; `storeKey=true` and the like are none. */
const secretOption =
  /([A-Za-z0-9_.-]*(?:pass|secret|token|credential|key)[A-Za-z0-9_.-]*)\s*=\s*("[^"]*"|[^\s;]+)/gi;
const harmlessOption = /^(keytab|storekey|usekeytab|doNotPrompt)$/i;

/**
 * The names of client properties that hold a secret as it is, where only a reference to one of Connect's config
 * providers may stand: whatever is in a connector's configuration can be read by everybody who may ask Connect.
 */
export function literalSecrets(properties: Readonly<Record<string, string>>): string[] {
  return Object.entries(properties).flatMap(([name, value]) =>
    (name.toLowerCase().endsWith('jaas.config') ? revealsLogin(value) : revealsValue(name, value))
      ? [name]
      : [],
  );
}

function revealsValue(name: string, value: string): boolean {
  return secretProperty.test(name) && value.replaceAll(reference, '') !== '';
}

function revealsLogin(login: string): boolean {
  const options = login.replaceAll(reference, '');
  return [...options.matchAll(secretOption)].some(
    ([, name = '', value = '']) => !harmlessOption.test(name) && value.replaceAll('"', '') !== '',
  );
}
