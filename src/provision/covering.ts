import type { AclBinding } from '../kafka/cluster.js';

/** Kafka's rule (`ResourcePattern`): equal, the wildcard `*`, or beginning with a prefix. */
export function covers(
  { patternType, resourceName }: Pick<AclBinding, 'patternType' | 'resourceName'>,
  name: string,
): boolean {
  return patternType === 'prefixed'
    ? name.startsWith(resourceName)
    : resourceName === '*' || resourceName === name;
}

/** Whether a binding is for more names than the one that it gives. */
export function isPattern({ patternType, resourceName }: AclBinding): boolean {
  return patternType === 'prefixed' || resourceName === '*';
}
