import type { Account } from '../../../account/account.js';
import { targetGroup, targetName } from '../../../migration/file.js';
import { few, named } from '../../../migration/foreign-text.js';
import { tableOf, text, type Block } from '../document.js';

export function moved({ migration, deletion: gone, ends }: Account): Block[] {
  const { source, target, producers, consumers } = migration;
  const facts = new Map(gone?.topics.map((topic) => [topic.topic, topic]));
  const partitionsOf = (topic: string): string => {
    const many = facts.get(topic)?.partitions ?? ends.filter((one) => one.topic === topic).length;
    return many > 0 ? String(many) : 'not kept';
  };
  return [
    text(`From ${named(source)} to ${named(target)}, by ${migration.strategy}.`),
    ...tableOf(
      [`Topic on ${named(source)}`, `on ${named(target)}`, 'Partitions', 'Id on the source'],
      migration.topics.map((move) => {
        const known = facts.get(move.name);
        return [
          ...[named(move.name), named(targetName(move))],
          ...[partitionsOf(move.name), known?.topicId ?? ''],
        ];
      }),
      [2],
    ),
    text(
      `Producers: ${
        few(
          producers.map(({ name }) => name),
          200,
        ) || 'none in the file'
      }.`,
    ),
    text(
      `Consumer groups: ${
        consumers
          .map((consumer) =>
            targetGroup(consumer) === consumer.group
              ? named(consumer.group)
              : `${named(consumer.group)} (${named(targetGroup(consumer))} on the target)`,
          )
          .join(', ') || 'none in the file'
      }.`,
    ),
  ];
}

export function made({ made: all }: Account): Block[] {
  return [
    ...(all.topics.length > 0
      ? tableOf(
          ['Topic', 'Id'],
          all.topics.map(({ name, topicId }) => [named(name), topicId ?? '']),
        )
      : []),
    ...(all.acls.length > 0
      ? tableOf(
          ['ACL for', 'Who', 'May', 'From', ''],
          all.acls.map((acl) => [
            `${acl.resourceType} ${named(acl.resourceName)}${acl.patternType === 'literal' ? '' : ` (${acl.patternType})`}`,
            ...[acl.principal, acl.operation, acl.host, acl.permission],
          ]),
        )
      : []),
  ];
}
