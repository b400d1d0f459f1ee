import type { Account } from '../../../account/account.js';
import { clock, digits, lasted, notVerified, soLong, timeIn } from '../words.js';

/** The few numbers that come first. */
export function numbersOf(account: Account): [string, string][] {
  const { findings: found, parity: compared, migration } = account;
  const accepted = found.filter((one) => one.accepted).length;
  return [
    ['State', account.state],
    ['Strategy', migration.strategy],
    ['Began (UTC)', clock(account.startedAt)],
    ['Ended (UTC)', account.endedAt === null ? 'not yet' : clock(account.endedAt)],
    ['Took', lasted(account.startedAt, account.endedAt ?? account.readAt)],
    ['Waited for people', soLong(account, timeIn(account, ['waiting', 'blocked']))],
    ['Paused', soLong(account, pausedMs(account))],
    ['Topics', digits(migration.topics.length)],
    ['Records compared', compared ? digits(compared.records) : 'none'],
    ['Findings accepted', digits(accepted)],
    ['Steps not verified', notVerified(account)],
  ];
}

const pausedMs = ({ pauses, readAt }: Account): number =>
  pauses.reduce((sum, { from, to }) => sum + Date.parse(to ?? readAt) - Date.parse(from), 0);
