import type { Account, GroupOffsets } from '../../../account/account.js';
import { named } from '../../../migration/foreign-text.js';
import { tableOf, text, type Block } from '../document.js';
import { counted, digits } from '../words.js';

export function offsets({ offsets: groups, ends, migration }: Account): Block[] {
  return [
    ...(ends.some(({ source }) => source !== null)
      ? [
          text(`Where each partition ended when the source was frozen.`),
          ...tableOf(
            [
              'Partition',
              `End on ${named(migration.source)}`,
              `End of the copy on ${named(migration.target)}`,
            ],
            ends.map(({ topic, partition, source, target }) => [
              ...[`${named(topic)}/${partition}`, digits(source), digits(target)],
            ]),
            [1, 2],
          ),
        ]
      : []),
    ...groups.flatMap(groupBlocks),
  ];
}

function groupBlocks({ group, onTarget, how: kind, partitions }: GroupOffsets): Block[] {
  const name = group === onTarget ? named(group) : `${named(group)} (${named(onTarget)} on the target)`;
  const many = counted(partitions.length, 'partition');
  const rows = partitions.map(({ topic, onTarget: there, partition, before, after, certainty }) => [
    `${named(topic)}/${partition}`,
    before === null ? (kind === 'translated' ? 'nothing committed' : 'not kept') : digits(before),
    topic === there ? '' : named(there),
    after === null ? 'not kept' : digits(after),
    ...(kind === 'translated' ? [certainty ?? ''] : []),
  ]);
  const head =
    kind === 'translated'
      ? ['Partition', 'Committed on the source', 'Topic on the target', 'Goes on at', 'Certainty']
      : ['Partition', 'The source was read up to', 'Topic on the target', 'Starts at'];
  return [
    {
      kind: 'folded',
      title: `Group ${name}: ${many} ${kind === 'translated' ? 'translated' : 'read to the end on the source, started on the target'}`,
      blocks: tableOf(head, rows, [1, 3]),
    },
  ];
}
