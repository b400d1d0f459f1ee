import type { DeclaredTopic, WantedTopic } from '../declaring.js';
import type { Loss } from '../loss.js';

/** A topic of whose entries some cannot be said; all others are as they are wanted. */
export function declaredWith(
  { name, partitions, replicationFactor, config }: WantedTopic,
  says: (entry: string) => boolean,
  whatCannot: string,
): DeclaredTopic {
  const entries = Object.entries(config);
  return {
    topic: {
      name,
      partitions,
      replicationFactor,
      config: Object.fromEntries(entries.filter(([entry]) => says(entry))),
    },
    losses: entries
      .filter(([entry]) => !says(entry))
      .map(([entry, value]): Loss => ({
        weight: 'asks',
        key: `topic-loss:${name}:${entry}`,
        says: `${name} is to have ${entry}=${value}, which ${whatCannot} cannot say`,
        instead: 'the default of its brokers holds',
      })),
    mistakes: [],
  };
}
