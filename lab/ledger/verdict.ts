import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Contract, contracts, type LedgerStrategy } from './contract.js';
import { type ConsumerEntry, journalKind } from './entries.js';
import { type Example, GroupAccount } from './group-account.js';
import { readJournal } from './journal.js';
import { mergeByTime } from './merge.js';
import { ProducerAccount } from './producer-account.js';
import { type Side, sides } from './settings.js';

export interface VerdictOptions {
  /** Where the applications keep their journals. They may still be running. */
  folder: string;
  strategy: LedgerStrategy;
  /** Groups that must have a journal; without it, those that have one. */
  groups?: readonly string[];
  /** `cluster` where a person has agreed that order may swap at the switch; the strategy's own unless given. */
  within?: 'cluster' | 'overall';
  /** Messages that were never promised to a group, for example from before it existed. Asked only about missing ones. */
  notPromised?: (group: string, message: WrittenMessage) => boolean;
}

export interface WrittenMessage extends Example {
  to: Side[];
  /** Milliseconds since 1970 when the last cluster acknowledged it. */
  at: number;
}

/** All counts are messages. Those of the first block must be 0 for the promise to hold. */
export interface GroupVerdict {
  group: string;
  /** Acknowledged by every cluster they were sent to, and never processed. */
  lost: number;
  duplicates: number;
  /** Processed after a later message of the same producer and key. */
  reordered: number;
  /** Of aborted transactions, by a group that reads committed. */
  abortedSeen: number;
  /** Processed, and in no producer's journal. */
  unknown: number;
  /** Processed with another key, header or sequence than was written. */
  altered: number;
  /** Processed from the target though written only to the source; a fault only where no history is promised. */
  history: number;

  /** Different messages, aborted ones not counted. */
  processed: number;
  processedFrom: Record<Side, number>;
  /** Once from each cluster, by a strategy whose producers write both. */
  duplicatesAllowed: number;
  /** Again after a crash or rebalance, before the group had confirmed that they were committed. */
  redelivered: number;
  reorderedAllowed: number;
  uncertainSeen: number;
  /** Messages that no ledger producer wrote. */
  foreign: number;
  notPromised: number;
  /** The first few messages of each fault. */
  examples: Record<string, Example[]>;
}

export interface Verdict {
  strategy: LedgerStrategy;
  promiseHeld: boolean;
  /** One sentence for each way in which the promise was broken or not tested; empty when it held. */
  faults: string[];
  /** Sums over the groups. */
  lost: number;
  duplicates: number;
  duplicatesAllowed: number;
  redelivered: number;
  reordered: number;
  reorderedAllowed: number;
  abortedSeen: number;
  produced: {
    acknowledged: number;
    aborted: number;
    uncertain: number;
    /** Acknowledged messages by where they were sent. */
    to: { source: number; target: number; both: number };
  };
  groups: GroupVerdict[];
}

/** Reads all journals of a folder and judges them by what the strategy promises. */
export async function ledgerVerdict(options: VerdictOptions): Promise<Verdict> {
  const { folder, strategy, within } = options;
  const contract: Contract = { ...contracts[strategy], ...(within && { within }) };
  const files = (await readdir(folder)).sort();
  const producers = await readProducers(
    files.filter((file) => journalKind(file) === 'producer').map(inFolder(folder)),
  );
  const accounts = await readGroups(
    files.filter((file) => journalKind(file) === 'consumer').map(inFolder(folder)),
    producers,
    contract,
  );
  const groups = [...accounts].map(([group, account]) => judge(group, account, producers, options));
  const produced = countProduced(producers);
  const faults = [
    ...untested(produced, groups, options),
    ...groups.flatMap((group) => broken(group, contract)),
  ];
  const sum = (count: keyof GroupVerdict) => groups.reduce((total, group) => total + Number(group[count]), 0);
  return {
    strategy,
    promiseHeld: faults.length === 0,
    faults,
    lost: sum('lost'),
    duplicates: sum('duplicates'),
    duplicatesAllowed: sum('duplicatesAllowed'),
    redelivered: sum('redelivered'),
    reordered: sum('reordered'),
    reorderedAllowed: sum('reorderedAllowed'),
    abortedSeen: sum('abortedSeen'),
    produced,
    groups,
  };
}

/**
 * The verdict once every group has processed everything, or has processed nothing new for `quietMs` (30 s unless
 * given: a consumer that lost its broker is back only when its old session has ended).
 * Call it when the producers have stopped.
 */
export async function settledVerdict({
  quietMs = 30_000,
  ...options
}: VerdictOptions & { quietMs?: number }): Promise<Verdict> {
  let verdict = await ledgerVerdict(options);
  let movedAt = Date.now();
  while (verdict.lost > 0 && Date.now() - movedAt < quietMs) {
    await sleep(300);
    const next = await ledgerVerdict(options);
    if (next.lost !== verdict.lost) movedAt = Date.now();
    verdict = next;
  }
  return verdict;
}

async function readProducers(paths: string[]): Promise<Map<string, ProducerAccount>> {
  const accounts = await Promise.all(paths.map((path) => ProducerAccount.read(path)));
  return new Map(
    accounts.filter((account) => account !== undefined).map((account) => [account.name, account]),
  );
}

async function readGroups(
  paths: string[],
  producers: ReadonlyMap<string, ProducerAccount>,
  contract: Contract,
): Promise<Map<string, GroupAccount>> {
  const byGroup = new Map<string, string[]>();
  for (const path of paths) {
    const first = await readJournal<ConsumerEntry>(path).next();
    if (first.done || first.value.is !== 'consumer') continue;
    byGroup.set(first.value.group, [...(byGroup.get(first.value.group) ?? []), path]);
  }
  const accounts = new Map<string, GroupAccount>();
  for (const [group, journals] of byGroup) {
    const account = new GroupAccount(producers, contract);
    const merged = mergeByTime(journals.map((path) => readJournal<ConsumerEntry>(path)));
    for await (const { entry, stream } of merged) account.enter(entry, String(stream));
    accounts.set(group, account);
  }
  return accounts;
}

function judge(
  group: string,
  account: GroupAccount,
  producers: ReadonlyMap<string, ProducerAccount>,
  { notPromised }: VerdictOptions,
): GroupVerdict {
  const missing: Example[] = [];
  let lost = 0;
  let excused = 0;
  for (const producer of producers.values()) {
    if (!account.reads(producer)) continue;
    for (let number = 1; number <= producer.count; number++) {
      if (account.hasProcessed(producer.name, number) || producer.fate(number) !== 'committed') continue;
      if (notPromised?.(group, written(producer, number))) excused += 1;
      else if (++lost <= 5) missing.push(producer.message(number));
    }
  }
  const { processedFrom, counts } = account;
  const examples = Object.entries({ lost: missing, ...account.examples }).filter(
    ([, messages]) => messages.length > 0,
  );
  return {
    group,
    lost,
    ...counts,
    processedFrom,
    notPromised: excused,
    examples: Object.fromEntries(examples),
  };
}

function written(producer: ProducerAccount, number: number): WrittenMessage {
  const to = sides.filter((side) => producer.wasSentTo(number, side));
  return { ...producer.message(number), to, at: producer.writtenAt(number) };
}

function countProduced(producers: ReadonlyMap<string, ProducerAccount>): Verdict['produced'] {
  const produced = { acknowledged: 0, aborted: 0, uncertain: 0, to: { source: 0, target: 0, both: 0 } };
  for (const producer of producers.values())
    for (let number = 1; number <= producer.count; number++) {
      const fate = producer.fate(number);
      produced[fate === 'committed' ? 'acknowledged' : fate] += 1;
      if (fate !== 'committed') continue;
      const to = producer.isDoubled(number)
        ? 'both'
        : producer.wasSentTo(number, 'source')
          ? 'source'
          : 'target';
      produced.to[to] += 1;
    }
  return produced;
}

// A ledger that saw nothing proves nothing.
function untested(produced: Verdict['produced'], groups: GroupVerdict[], options: VerdictOptions): string[] {
  const silent = groups.filter(({ processed, lost, notPromised }) => processed + lost + notPromised === 0);
  const missing = options.groups?.filter((name) => !groups.some(({ group }) => group === name)) ?? [];
  return [
    ...(produced.acknowledged === 0 ? ['No message was acknowledged, so nothing was tested.'] : []),
    ...(groups.length === 0 && missing.length === 0
      ? ['No group has a journal, so nothing was tested.']
      : []),
    ...missing.map((group) => `The group ${group} has no journal.`),
    ...silent.map(
      ({ group }) => `The group ${group} reads no topic that a producer wrote to, so nothing was tested.`,
    ),
  ];
}

function broken(group: GroupVerdict, { history }: Contract): string[] {
  const rules: [number, string][] = [
    [group.lost, 'never processed'],
    [group.duplicates, 'processed more than once'],
    [group.reordered, 'processed out of order'],
    [group.abortedSeen, 'processed though their transaction was aborted'],
    [group.unknown, 'processed that no producer has written'],
    [group.altered, 'processed with another key, header or sequence than was written'],
    [history ? 0 : group.history, 'processed from the target that were written only to the source'],
  ];
  return rules
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${group.group}: ${count} ${count === 1 ? 'message' : 'messages'} ${what}.`);
}

function inFolder(folder: string): (file: string) => string {
  return (file) => join(folder, file);
}
