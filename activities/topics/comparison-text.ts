import type { Finding } from '../../src/migration/findings.js';
import { listed } from '../kit/wording.js';

type Rule = 'default-differs' | 'config-differs' | 'not-as-declared';

/**
 * What a sentence that topics are as they should be has to leave out: entries that are otherwise, though they stop nothing.
 * Empty where there is none.
 */
export function butFor(found: readonly Finding[], rules: readonly Rule[]): string {
  const entries = found.flatMap(({ weight, key }) => {
    // No name of a topic has a colon.
    const [rule = '', topic = '', ...entry] = key.split(':');
    if (weight === 'blocks' || !(rules as readonly string[]).includes(rule)) return [];
    return [`${entry.join(':')} of ${topic} (${weight === 'asks' ? 'accepted as it is' : 'left as it is'})`];
  });
  return entries.length > 0 ? `, but for ${listed(entries)}` : '';
}

/** @param topics whose configuration the target does not show, when a person has accepted that */
export const unseenText = (topics: readonly string[], target: string): string =>
  `How ${listed(topics)} ${topics.length === 1 ? 'is' : 'are'} configured nobody has compared: ${target} does not show it, and a person has accepted that.`;
