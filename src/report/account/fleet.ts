import type { Account } from '../../account/account.js';
import { named } from '../../migration/foreign-text.js';
import { tableOf, type Block, type ChartRow } from './document.js';
import { clock, digits, lasted } from './words.js';

/** What several migrations have in common: when each ran, and how it ended. */
export function overviewOf(accounts: readonly Account[]): Block[] {
  const rows = accounts.map(({ name, startedAt, endedAt, readAt, state, phases }): ChartRow => ({
    label: name,
    spans:
      phases.length > 0
        ? phases.map(({ from, to, state: was }) => ({
            ...{ from, to },
            how:
              was === 'waiting' ? 'waits' : was === 'blocked' || was === 'paused' ? was : ('works' as const),
          }))
        : [{ from: startedAt, to: endedAt ?? readAt, how: state === 'blocked' ? 'blocked' : 'unknown' }],
  }));
  return [
    { kind: 'chart', title: 'Each migration from when it began to when it ended', rows, pauses: [] },
    ...tableOf(
      [
        'Migration',
        'Strategy',
        'State',
        'Began (UTC)',
        'Took',
        'Topics',
        'Records compared',
        'Not verified',
        'Deleted',
      ],
      accounts.map(({ name, migration, state, startedAt, endedAt, readAt, parity, steps, deletion }) => [
        ...[named(name), migration.strategy, state, clock(startedAt), lasted(startedAt, endedAt ?? readAt)],
        ...[digits(migration.topics.length), parity ? digits(parity.records) : 'none'],
        String(steps.filter((step) => step.unverified !== null).length),
        deletion?.at ? digits(deletion.topics.length) : 'nothing',
      ]),
      [5, 6, 7, 8],
    ),
  ];
}
