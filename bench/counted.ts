import type { Cluster } from '../src/kafka/cluster.js';
import type { Activities } from '../src/migration/work/activities.js';
import { rounded } from './report.js';

/** What some work took. */
export interface Counted {
  requests: number;
  seconds: number;
  /** By the protocol's names of them. */
  by: Record<string, number>;
}

/** Counts what is asked of some clusters while a piece of work is done, one piece at a time, whether it succeeds or not. */
export async function counting<T>(
  clusters: readonly Cluster[],
  work: () => Promise<T>,
  tell: (counted: Counted) => void,
): Promise<T> {
  const before = totals(clusters);
  const begun = performance.now();
  try {
    return await work();
  } finally {
    const by = Object.fromEntries(
      Object.entries(totals(clusters)).flatMap(([api, sent]) => {
        const more = sent - (before[api] ?? 0);
        return more > 0 ? [[api, more]] : [];
      }),
    );
    tell({ requests: sum(by), seconds: rounded((performance.now() - begun) / 1000), by });
  }
}

export function together(parts: readonly Counted[]): Counted {
  const by: Record<string, number> = {};
  for (const part of parts)
    for (const [api, sent] of Object.entries(part.by)) by[api] = (by[api] ?? 0) + sent;
  return { requests: sum(by), seconds: rounded(parts.reduce((all, { seconds }) => all + seconds, 0)), by };
}

/** The same activities; what each attempt took goes to `tell`. A workflow that calls one at a time is assumed. */
export function countedActivities(
  activities: Activities,
  clusters: readonly Cluster[],
  tell: (activity: string, counted: Counted) => void,
): Activities {
  const counted = Object.entries(activities).map(
    ([name, run]: [string, (input: never) => Promise<unknown>]) => [
      name,
      (input: never) =>
        counting(
          clusters,
          () => run(input),
          (took) => tell(name, took),
        ),
    ],
  );
  return Object.fromEntries(counted) as Activities;
}

function totals(clusters: readonly Cluster[]): Record<string, number> {
  const all: Record<string, number> = {};
  for (const cluster of clusters)
    for (const [api, sent] of Object.entries(cluster.requests())) all[api] = (all[api] ?? 0) + sent;
  return all;
}

const sum = (by: Record<string, number>): number => Object.values(by).reduce((all, sent) => all + sent, 0);
