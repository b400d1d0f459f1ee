import type { Migration } from './file.js';

/** One line of up to 200 bytes, as Temporal takes it. Names of topics are ASCII; those of clusters need not be. */
export function summaryOf({ strategy, source, target, topics }: Migration): string {
  const [first, ...more] = topics.map(({ name }) => name);
  const line = `${strategy}: ${first ?? ''}${more.length > 0 ? ` and ${more.length} more` : ''}, ${source} → ${target}`;
  // A character takes up to three bytes.
  return line.length * 3 <= 200 || (/^[ -~→]*$/.test(line) && line.length <= 190)
    ? line
    : `${strategy}: ${topics.length} topics`;
}
