import type { Cluster, Committed, Row } from '../../src/kafka/cluster.js';
import type { Finding } from '../../src/migration/findings.js';
import { targetGroup, type Migration } from '../../src/migration/file.js';
import { isPending } from './group-reading.js';
import { lastingAt } from '../kit/rows.js';
import { asking, blocking } from '../kit/weights.js';
import { count, listed } from '../kit/wording.js';

/** What stands in the way of the groups on the target: two under one id, one that is in use, one that is live. */
export async function surveyTargetGroups(target: Cluster, migration: Migration): Promise<Finding[]> {
  const findings: Finding[] = [];
  const movers = new Map<string, string[]>();
  for (const move of migration.consumers)
    movers.set(targetGroup(move), [...(movers.get(targetGroup(move)) ?? []), move.group]);
  for (const [group, from] of movers)
    if (from.length > 1)
      findings.push(
        blocking(
          `group-twice:${group}`,
          `${listed(from)} would all be ${group} on ${target.name}: give each a newGroup of its own.`,
        ),
      );
  const groups = [...movers.keys()];
  const renamed = new Set(migration.consumers.flatMap(({ newGroup }) => newGroup ?? []));
  const [described, committed] = await Promise.all([
    target.describeGroups(groups),
    renamed.size > 0 ? target.committedOffsets([...renamed]) : new Map<string, Row<Map<string, Committed>>>(),
  ]);
  for (const group of groups) {
    const { value, error } = lastingAt(described, group);
    if (error) findings.push(blocking(`group-unreadable:${target.name}/${group}`, error.message));
    else if (value.members.length > 0)
      findings.push(
        asking(
          `group-live-on-target:${group}`,
          `${group} has ${count(value.members.length, 'member')} on ${target.name}, and brokers take no starting offsets for a group that has: stop it there while seedOffsets runs, and accept this.`,
        ),
      );
    if (!renamed.has(group)) continue;
    const found = committed.get(group);
    const commits = found?.value?.size ?? 0;
    if (found?.error && !isPending(found) && found.error.type !== 'NotFound')
      findings.push(blocking(`group-unreadable:${target.name}/${group}`, found.error.message));
    else if (isPending(found) || commits > 0)
      findings.push(
        asking(
          `new-group-in-use:${group}`,
          `${group} ${isPending(found) ? 'commits offsets in a transaction that is open' : `has committed offsets for ${count(commits, 'partition')}`} on ${target.name} already: check that it is the same application, or choose another newGroup.`,
        ),
      );
  }
  return findings;
}
