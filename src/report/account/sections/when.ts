import type { Account } from '../../../account/account.js';
import { tableOf, text, type Block, type ChartRow } from '../document.js';
import { clock, lasted } from '../words.js';

const how = { waiting: 'waits', blocked: 'blocked', paused: 'paused' } as const;

export function timeline(account: Account): Block[] {
  const { steps, phases, pauses, readAt } = account;
  const rows = steps.flatMap((step): ChartRow[] => {
    const spans: ChartRow['spans'] = phases.flatMap(({ step: id, state, from, to }) =>
      id === step.id ? [{ from, to, how: how[state as keyof typeof how] ?? 'works' }] : [],
    );
    const { startedAt, endedAt } = step;
    // Of a run that is gone it is known when its steps began and ended, and no more.
    const first = spans[0]?.from ?? endedAt ?? readAt;
    if (startedAt !== null && Date.parse(startedAt) < Date.parse(first) - 1_000)
      spans.unshift({ from: startedAt, to: first, how: 'unknown' });
    return spans.length > 0 ? [{ label: step.title, spans }] : [];
  });
  if (rows.length === 0) return [];
  return [
    {
      kind: 'chart',
      title: 'Each step from when it began to when it ended',
      rows,
      pauses: pauses.map(({ from, to }) => ({ from, to: to ?? account.endedAt ?? readAt })),
    },
    ...(pauses.length > 0
      ? tableOf(
          ['Paused from (UTC)', 'to', 'for', 'by', 'why', 'resumed by'],
          pauses.map(({ from, to, by, note, resumedBy }) => [
            ...[clock(from), to === null ? 'lasts' : clock(to), lasted(from, to ?? readAt)],
            ...[by ?? 'somebody', note ?? '', resumedBy ?? ''],
          ]),
        )
      : account.gone.length === 0
        ? [text('It was never paused.')]
        : []),
    ...(account.gone.length > 0
      ? [text('Whether it was paused in the runs that are gone is not known.', 'warn')]
      : []),
  ];
}
