/** A name of Kubernetes (RFC 1123 subdomain). */
const resourceName = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/** What Kafka takes. */
const longest = 249;

/** `orders` of `shop.orders` in the namespace `shop`; `undefined` where no Topic can have that full name. */
export function resourceOf(fullName: string, namespace: string): string | undefined {
  const name = fullName.slice(namespace.length + 1);
  return fullName.startsWith(`${namespace}.`) && fullName.length <= longest && resourceName.test(name)
    ? name
    : undefined;
}

/** A name that a Topic can have and that is as near as can be to that of the source. */
export function suggestedName(from: string, namespace: string): string {
  const bare = from.startsWith(`${namespace}.`) ? from.slice(namespace.length + 1) : from;
  const name = bare
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]/g, '-')
    .split('.')
    .map((part) => part.replaceAll(/^-+|-+$/g, ''))
    .filter((part) => part !== '')
    .join('.');
  const room = longest - namespace.length - 1;
  return `${namespace}.${name === '' ? 'topic' : name.slice(0, room).replace(/[.-]+$/, '')}`;
}
