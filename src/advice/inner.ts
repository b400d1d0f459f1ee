import { few } from '../migration/foreign-text.js';
import type { TopicSet } from './sets.js';

/** Whether nothing of it moves: inner topics are not in a migration file, since their application makes them anew. */
export const isInner = ({ topics }: TopicSet): boolean => topics.every(({ partOf }) => partOf !== null);

/** Of sets that hold nothing else, in one sentence. */
export function innerText(sets: readonly TopicSet[]): string {
  const topics = sets.flatMap((set) => set.topics.map(({ name }) => name));
  return `Inner topics alone, of applications of which nothing else is seen to move: ${few(topics)}. They are in no migration, since their application makes them anew on the target: ask whose they are.`;
}
