import type { Account } from '../../../account/account.js';
import { named } from '../../../migration/foreign-text.js';
import { tableOf, text, type Block } from '../document.js';
import { clock, digits } from '../words.js';

export function outcome({ outcome: ended, endedBecause, state, gone, migration, steps }: Account): Block[] {
  const open = steps.find(({ status }) => ['active', 'waiting', 'blocked'].includes(status));
  return [
    text(
      ended?.sentence ??
        (open
          ? `${state}, at ${open.title}${open.says === null ? '' : `: ${open.says}`}`
          : `It is ${state}.`),
      'strong',
    ),
    ...(endedBecause === null ? [] : [text(`Temporal says why: ${endedBecause}`, 'warn')]),
    ...(migration.description ? [text(migration.description)] : []),
    ...gone.map((sentence) => text(sentence, 'warn')),
    ...list(ended?.undone ?? [], 'Taken back:'),
    ...list(ended?.left ?? [], 'Left for a person to decide:'),
  ];
}

const list = (items: string[], before: string): Block[] =>
  items.length > 0 ? [text(before), { kind: 'list', items }] : [];

export function origin({ workflowId, runs, gone, migration, readAt }: Account): Block[] {
  return [
    text(
      `From the histories that Temporal had of ${named(workflowId)} at ${clock(readAt)} UTC${gone.length > 0 ? ', which are not all' : ', of its first run to its last'}.`,
    ),
    ...tableOf(
      ['Run', 'From (UTC)', 'to', 'Events'],
      runs.map(({ runId, startedAt, endedAt, events }) => [
        ...[runId, clock(startedAt), endedAt === null ? 'runs' : clock(endedAt), digits(events)],
      ]),
      [3],
    ),
    {
      kind: 'folded',
      title: 'The migration file as it was carried out last',
      blocks: [{ kind: 'code', label: 'Migration file', text: JSON.stringify(migration, null, 2) }],
    },
  ];
}
