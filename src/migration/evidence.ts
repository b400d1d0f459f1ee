import type { Evidence, Step } from './state.js';
import type { StepId } from './strategies.js';

/** How much is kept of what a step has seen: a migration lasts weeks, and all of it goes along. */
const kept = { pieces: 12, items: 20, characters: 2_000 };

/** From this evidence what is deleted can be made again, so it stays whole: the latest of it. */
const whole: readonly StepId[] = ['deletionApproved', 'deleteSource'];

export function addEvidence(step: Step, evidence: Evidence): void {
  const { data, ...said } = evidence;
  const older = step.evidence.map((one) => ({ ...one, ...('data' in one && { data: summary(one.data) }) }));
  const all = [
    ...older,
    {
      ...said,
      sentence: short(said.sentence),
      ...(data !== undefined && { data: whole.includes(step.id) ? data : summary(data) }),
    },
  ];
  const more = all.length - kept.pieces;
  step.evidence = more > 0 ? all.slice(more) : all;
  if (more > 0) step.leftOut = (step.leftOut ?? 0) + more;
}

/** The same with the first items of each list and table alone, and how many were left out. A summary stays as it is. */
export function summary(data: unknown): unknown {
  if (typeof data === 'string') return short(data);
  if (typeof data !== 'object' || data === null) return data;
  if (Array.isArray(data)) {
    const most = data.length === kept.items + 1 && isLeftOut(data.at(-1)) ? data.length : kept.items;
    const items = (data as unknown[]).slice(0, most).map(summary);
    return data.length > most ? [...items, { leftOut: data.length - most }] : items;
  }
  const entries = Object.entries(data);
  const most = entries.length === kept.items + 1 && 'leftOut' in data ? entries.length : kept.items;
  const items = entries.slice(0, most).map(([key, value]): [string, unknown] => [key, summary(value)]);
  return Object.fromEntries(entries.length > most ? [...items, ['leftOut', entries.length - most]] : items);
}

const isLeftOut = (item: unknown): boolean => typeof item === 'object' && item !== null && 'leftOut' in item;

function short(text: string): string {
  return text.length <= kept.characters ? text : `${text.slice(0, kept.characters - 1)}…`;
}
