/**
 * What is so on the source and cannot be said for the target, and what happens instead. It asks where a promise rests on it,
 * and is a note where no application notices.
 */
export interface Loss {
  weight: 'asks' | 'notes';
  /** What an acceptance refers to: `topic-loss:shop.orders:compression.type`. */
  key: string;
  /** What is so on the source, as the subject of a sentence. */
  says: string;
  /** What happens instead, as a sentence without its end. */
  instead: string;
}

export const lossText = ({ says, instead }: Loss): string => `${says}: ${instead}.`;
