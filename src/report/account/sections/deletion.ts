import type { Account } from '../../../account/account.js';
import { few, named } from '../../../migration/foreign-text.js';
import { tableOf, text, type Block } from '../document.js';
import { clock, counted, digits } from '../words.js';

export function deletion({ deletion: gone, migration }: Account): Block[] {
  if (!gone) return [text('Nothing was deleted.')];
  const { at, begun, sentence, approvedBy, topics, recreated } = gone;
  const source = named(migration.source);
  return [
    at !== null
      ? text(`${clock(at)} UTC: ${sentence ?? ''}`, 'strong')
      : begun
        ? text(
            `The deletion was begun, and nothing here says how it ended: topics may be gone from ${source}.`,
            'warn',
          )
        : text(`Nothing was deleted: this is what was checked for it on ${source}.`, 'strong'),
    ...(topics.length === 0 ? [text('What there was of the topics is not kept.', 'warn')] : []),
    ...(approvedBy.some(({ by }) => by !== null)
      ? tableOf(
          ['Topic', 'Deletion approved by', 'at (UTC)'],
          approvedBy.map(({ topic, by, at: when }) => [named(topic), by ?? '', clock(when)]),
        )
      : []),
    ...(recreated.length > 0 ? [text(`Made again by somebody since: ${few(recreated)}.`, 'warn')] : []),
    ...topics.map(
      ({ topic, topicId, partitions, replicationFactor, config, acls, highWatermarks }): Block => ({
        kind: 'folded',
        title: `${named(topic)}: ${counted(partitions, 'partition')}, ${counted(Object.keys(config).length, 'setting')}, ${acls === null ? 'ACLs not kept' : counted(acls.length, 'ACL')}`,
        blocks: [
          text(
            `Id ${topicId ?? 'unknown'}, ${counted(partitions, 'partition')}, replication factor ${replicationFactor ?? 'not kept'}.`,
          ),
          ...(Object.keys(config).length > 0
            ? tableOf(
                ['Set for this topic', 'to'],
                Object.entries(config).map(([name, value]) => [name, value]),
              )
            : [text('Nothing was set for this topic itself.')]),
          ...aclsOf(acls),
          ...tableOf(
            ['Partition', 'ended at'],
            highWatermarks.map((mark, partition) => [
              String(partition),
              mark === null ? 'not kept' : digits(mark),
            ]),
            [0, 1],
          ),
        ],
      }),
    ),
  ];
}

function aclsOf(acls: string[] | null): Block[] {
  if (acls === null) return [text('Its ACLs are not kept.', 'warn')];
  if (acls.length === 0) return [text('There were no ACLs for exactly this topic.')];
  return tableOf(
    ['ACLs for exactly this topic'],
    acls.map((acl) => [acl]),
  );
}
