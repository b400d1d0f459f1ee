import type { Finding } from '../../src/migration/findings.js';
import type { Migration } from '../../src/migration/file.js';
import type { OtherMigration } from '../kit/dependencies.js';
import { blocking, noting } from '../kit/weights.js';

/**
 * Topics and groups that another running migration between the same clusters has as well. Of two, the one that was
 * started later is in the wrong; a plan that is not running is later than all.
 *
 * @param own the workflow id of this migration.
 */
export function conflicts(migration: Migration, own: string, running: readonly OtherMigration[]): Finding[] {
  const unread = running.filter((other) => other.unread && other.workflowId !== own);
  const self = running.find(({ workflowId }) => workflowId === own);
  const both = running
    .filter(
      (other) =>
        other.workflowId !== own && other.source === migration.source && other.target === migration.target,
    )
    .filter((other) => !self || isEarlier(other, self))
    .flatMap((other) => [
      ...migration.topics
        .filter(({ name }) => other.topics.includes(name))
        .map(({ name }) => shared('topic', name, other)),
      ...migration.consumers
        .filter(({ group }) => other.groups.includes(group))
        .map(({ group }) => shared('group', group, other)),
    ]);
  return [...both, ...unreadNote(unread)];
}

/** What is held is asked of its own: this is of migrations whose workers keep holds elsewhere. */
function unreadNote([first, ...more]: readonly OtherMigration[]): Finding[] {
  if (!first) return [];
  const which = `${first.workflowId}${more.length > 0 ? ` and ${more.length} more` : ''}`;
  return [
    noting(
      'migrations-unread',
      `Not checked whether ${which} has the same topics or groups: what it says of itself cannot be read here, since it is encoded otherwise (temporal.codec).`,
    ),
  ];
}

function isEarlier(one: OtherMigration, other: OtherMigration): boolean {
  const byTime = Date.parse(one.startedAt) - Date.parse(other.startedAt);
  return byTime < 0 || (byTime === 0 && one.workflowId < other.workflowId);
}

function shared(kind: 'topic' | 'group', name: string, { workflowId }: OtherMigration): Finding {
  return blocking(
    `${kind}-in-two-migrations:${name}`,
    `The ${kind} ${name} is in migration ${workflowId} as well: wait for that one to end, or take ${name} out of one of them.`,
  );
}
