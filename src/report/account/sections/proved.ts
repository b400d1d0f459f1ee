import type { Account } from '../../../account/account.js';
import { formatBytes } from '../../../migration/bytes.js';
import { named } from '../../../migration/foreign-text.js';
import { tableOf, text, type Block } from '../document.js';
import { clock, digits } from '../words.js';

export function findings({ findings: all, steps, gone }: Account): Block[] {
  if (all.length === 0)
    return [text(`No check found anything${gone.length > 0 ? ' that Temporal still has' : ''}.`)];
  const order = { asks: 0, blocks: 1, notes: 2 };
  return tableOf(
    ['Weight', 'Finding', 'Key', 'First seen (UTC)', 'Step', 'Accepted by', 'Why'],
    all
      .toSorted((one, other) => order[one.weight] - order[other.weight])
      .map(({ weight: kind, sentence, key, at, step, accepted }) => [
        ...[kind, sentence, key, clock(at), steps.find(({ id }) => id === step)?.title ?? ''],
        accepted ? `${accepted.by} at ${clock(accepted.at)}` : '',
        accepted?.reason ?? '',
      ]),
  );
}

export function unverified({ unverified: open, overridden, outcome, endedAt }: Account): Block[] {
  if (outcome && open.length === 0 && overridden.length === 0)
    return [
      text(
        outcome.result === 'done'
          ? 'Every step was measured.'
          : 'No step that was closed lacks its measurement.',
      ),
    ];
  return [
    ...(outcome
      ? []
      : [
          text(
            endedAt === null
              ? 'Which steps lack their measurement is known of all of them at the end alone: until then ferry status tells it.'
              : 'It ended without saying which steps lack their measurement: that is not known of those of its last run.',
            'warn',
          ),
        ]),
    ...(open.length > 0 ? [{ kind: 'list' as const, items: open }] : []),
    ...(overridden.length > 0
      ? tableOf(
          ['Overridden', 'for', 'by', 'at (UTC)', 'why'],
          overridden.map(({ title, name, by, at, reason }) => [title, named(name), by, clock(at), reason]),
        )
      : []),
  ];
}

export function parity({ parity: compared, migration }: Account): Block[] {
  if (!compared) return [text('Both clusters were not compared record by record.')];
  const { sentence, verdict, records, bytes, unverifiable, differences, leftOut, hashes, at } = compared;
  const place = ({ topic, partition }: { topic: string; partition: number }) =>
    `${named(topic)}/${partition}`;
  return [
    text(sentence, verdict === 'equal' ? 'strong' : 'warn'),
    text(
      `Compared at ${clock(at)} UTC: ${digits(records)} records with ${formatBytes(Number(bytes))} are equal on ${named(migration.source)} and ${named(migration.target)}.`,
    ),
    ...(hashes
      ? tableOf(
          ['Topic', 'SHA-256 over its records, the same on both sides'],
          hashes.map(({ topic, sha256 }) => [named(topic), sha256]),
        )
      : [text('The hashes of the comparison are not kept.', 'soft')]),
    ...(unverifiable.length > 0
      ? tableOf(
          ['Not compared', 'From', 'To', 'Why', 'On the source alone'],
          unverifiable.map((one) => [
            ...[place(one), digits(one.from), digits(one.to), one.why],
            one.onSourceAlone === undefined ? '' : digits(one.onSourceAlone),
          ]),
          [1, 2, 4],
        )
      : []),
    ...(differences.length > 0
      ? tableOf(
          ['Differs', 'On the source', 'On the target', 'How'],
          differences.map((one) => [
            place(one),
            ...[one.source, one.target].map((offset) =>
              offset === null ? 'no such record' : digits(offset),
            ),
            one.what,
          ]),
        )
      : []),
    ...(leftOut > 0
      ? [text(`And ${digits(leftOut)} more that are not kept: of evidence the first are.`, 'warn')]
      : []),
  ];
}
