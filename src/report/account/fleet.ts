import type { Account } from '../../account/account.js';
import { named } from '../../migration/foreign-text.js';
import { tableOf, text, type Block, type ChartRow } from './document.js';
import { clock, digits, lasted, notVerified } from './words.js';

/** A migration of those that were asked for of which there is nothing to tell, and a sentence with its name that says why. */
export interface Missing {
  name: string;
  why: string;
}

/** The one that a report is of, where it is of one. */
export const onlyOf = (accounts: readonly Account[], missing: readonly Missing[]): Account | undefined =>
  accounts.length === 1 && missing.length === 0 ? accounts[0] : undefined;

/** What several migrations have in common: which are not here, when each ran, and how it ended. */
export function overviewOf(accounts: readonly Account[], missing: readonly Missing[] = []): Block[] {
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
    ...missing.map(({ why }) => text(why, 'warn')),
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
      accounts.map((account) => {
        const { name, migration, state, startedAt, endedAt, readAt, parity } = account;
        return [
          ...[named(name), migration.strategy, state, clock(startedAt), lasted(startedAt, endedAt ?? readAt)],
          ...[digits(migration.topics.length), parity ? digits(parity.records) : 'none'],
          ...[notVerified(account), deleted(account)],
        ];
      }),
      [5, 6, 7, 8],
    ),
  ];
}

function deleted({ deletion, migration }: Account): string {
  if (!deletion?.begun) return 'nothing';
  return deletion.at === null ? 'not known' : digits(deletion.topics.length || migration.topics.length);
}
