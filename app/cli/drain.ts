import type { Command } from 'commander';
import { Option } from 'commander';
import { isPending } from '../../activities/groups/group-reading.js';
import { namePendingCommits } from '../../activities/groups/pending-commits.js';
import { valueIfThere, valueOf } from '../../activities/kit/rows.js';
import { passes, probeDrain, type DrainReading } from '../../activities/drain/drain-probe.js';
import { openClusters } from '../connections/clusters.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { named, oneLine } from '../../src/migration/foreign-text.js';
import { kindOf } from '../../src/migration/verdicts.js';
import { CommandFailure, exitCodes, type ExitCode } from './failure.js';
import { columns } from './terminal.js';
import { addVerb, configured, run, type CommonOptions, type Surroundings } from './verb.js';

interface DrainOptions extends CommonOptions {
  cluster: string;
  topic: string;
  group?: string[];
  isolation: 'read_uncommitted' | 'read_committed';
}

type Probed = DrainReading['groups'][number] & { drained: boolean };

export function addDrain(program: Command, surroundings: Surroundings): void {
  addVerb(
    program,
    'drain',
    'Whether groups have consumed a topic to its end as it is now, with the reason for each partition.',
    'ferry drain --cluster onprem --topic orders --group billing',
    '0 drained, 1 not drained or failed, 2 bad input',
  )
    .requiredOption('--cluster <name>', 'a cluster of ferry.yaml')
    .requiredOption('--topic <name>', 'the topic')
    .option('--group <id...>', 'these groups (default: every group that has committed on the topic)')
    .addOption(
      new Option('--isolation <level>', 'what the groups are given of transactions')
        .choices(['read_uncommitted', 'read_committed'])
        .default('read_uncommitted'),
    )
    .action((options: DrainOptions) => run(surroundings, options, () => drain(surroundings, options)));
}

/** One look. Exit code 0 when every group is drained, 1 when one is not. */
async function drain(surroundings: Surroundings, options: DrainOptions): Promise<ExitCode> {
  const { topic, isolation, json } = options;
  const clusters = openClusters(configured(surroundings, options).clusters, {
    says: (sentence) => surroundings.terminal.complain(sentence),
  });
  try {
    const cluster = clusters.get(options.cluster);
    valueOf(await cluster.topics([topic]), topic);
    const groups = options.group ?? (await groupsOn(cluster, topic));
    if (groups.length === 0)
      throw new CommandFailure(
        'NotFound',
        [
          `No group has committed on ${topic} at ${cluster.name}: that is no proof that nobody reads it. Name groups with --group.`,
        ],
        exitCodes.failed,
      );
    const readers = groups.map((group) => ({ group, topics: [topic], isolation }));
    const reading = await probeDrain(cluster, { readers, topics: [topic] });
    const probed = reading.groups.map((one) => ({
      ...one,
      drained: one.partitions.every((partition) => passes(one.group, partition)),
    }));
    const pending = await pendingOf(cluster, probed);
    surroundings.terminal.print(json ? asJson(options, probed, pending) : drainText(probed, pending));
    return probed.every(({ drained }) => drained) ? exitCodes.done : exitCodes.failed;
  } finally {
    await clusters.close();
  }
}

async function groupsOn(cluster: Cluster, topic: string): Promise<string[]> {
  const facts = valueOf(await cluster.topics([topic]), topic);
  const ids = (await cluster.groups()).map(({ group }) => group);
  const partitions = facts.partitions.map(({ partition }) => ({ topic, partition }));
  const committed = await cluster.committedOffsets(ids, partitions);
  // Of these partitions alone, so that a commit that is pending is one on the topic.
  return ids
    .filter((id) => isPending(committed.get(id)) || (valueIfThere(committed, id)?.size ?? 0) > 0)
    .sort();
}

/** Transactions that have yet to decide about a commit, in a sentence for each group. */
async function pendingOf(cluster: Cluster, groups: readonly Probed[]): Promise<Map<string, string>> {
  const pending = groups.filter(({ partitions }) =>
    partitions.some(({ committed }) => committed === 'pending'),
  );
  return pending.length === 0
    ? new Map()
    : namePendingCommits(
        cluster,
        pending.map(({ group }) => group),
      );
}

export function drainText(groups: readonly Probed[], pending: ReadonlyMap<string, string>): string {
  return groups
    .map(({ group, drained, partitions }) => {
      const rows = partitions.map(({ partition, committed, to, verdict }) => [
        `  ${partition}`,
        verdict.verdict,
        `committed ${committed ?? 'nothing'}`,
        `end ${to}`,
        verdict.count > 0n ? `${verdict.count} offsets` : '',
        kindOf(verdict) === 'passes' ? '' : verdict.reason,
      ]);
      const transaction = pending.get(group);
      return `${named(group)}: ${drained ? 'drained' : 'not drained'}\n${columns(rows)}${transaction ? `\n  ${oneLine(transaction)}` : ''}`;
    })
    .join('\n\n');
}

/** Offsets are decimal strings: JSON numbers are not 64-bit. */
function asJson(
  { cluster, topic }: DrainOptions,
  probed: readonly Probed[],
  pending: ReadonlyMap<string, string>,
): string {
  const groups = probed.map((one) => {
    const transaction = pending.get(one.group);
    return { ...one, ...(transaction !== undefined && { pending: transaction }) };
  });
  return JSON.stringify({ cluster, topic, groups }, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}
