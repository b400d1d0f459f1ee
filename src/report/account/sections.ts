import type { Account, AccountStep, GroupOffsets, Measured, Saying } from '../../account/account.js';
import { few, named } from '../../migration/foreign-text.js';
import { formatDuration } from '../../migration/duration.js';
import { formatBytes } from '../../migration/bytes.js';
import { targetGroup, targetName } from '../../migration/file.js';
import { stepKind } from '../../migration/strategies.js';
import { tableOf, text, type Block, type ChartRow, type Section } from './document.js';
import { clock, counted, digits, lasted, timeIn } from './words.js';

/** Everything that there is to say of one migration, in the order in which somebody asks. */
export function sectionsOf(account: Account): Section[] {
  return [
    { title: 'How it ended', blocks: outcome(account) },
    { title: 'When', blocks: timeline(account) },
    { title: 'What moved', blocks: moved(account) },
    { title: 'Step by step', blocks: account.steps.flatMap((step) => stepBlocks(step, account)) },
    { title: 'Findings', blocks: findings(account) },
    { title: 'Not verified', blocks: unverified(account) },
    { title: 'Offsets before and after', blocks: offsets(account) },
    { title: 'Both clusters compared', blocks: parity(account) },
    { title: 'What was deleted', blocks: deletion(account) },
    { title: 'What was made on the target', blocks: made(account) },
    { title: 'Everything that was said', blocks: said(account) },
    { title: 'Where this comes from', blocks: origin(account) },
  ].filter(({ blocks }) => blocks.length > 0);
}

/** The few numbers that come first. */
export function numbersOf(account: Account): [string, string][] {
  const { steps, findings: found, parity: compared, migration } = account;
  const accepted = found.filter((one) => one.accepted).length;
  return [
    ['State', account.state],
    ['Strategy', migration.strategy],
    ['Began (UTC)', clock(account.startedAt)],
    ['Ended (UTC)', account.endedAt === null ? 'not yet' : clock(account.endedAt)],
    ['Took', lasted(account.startedAt, account.endedAt ?? account.readAt)],
    ['Waited for people', formatDuration(timeIn(account, ['waiting', 'blocked']))],
    ['Paused', formatDuration(pausedMs(account))],
    ['Topics', digits(migration.topics.length)],
    ['Records compared', compared ? digits(compared.records) : 'none'],
    ['Findings accepted', digits(accepted)],
    ['Steps not verified', digits(steps.filter((step) => step.unverified !== null).length)],
  ];
}

const pausedMs = ({ pauses, readAt }: Account): number =>
  pauses.reduce((sum, { from, to }) => sum + Date.parse(to ?? readAt) - Date.parse(from), 0);

function outcome({ outcome: ended, state, gone, migration, steps }: Account): Block[] {
  const open = steps.find(({ status }) => ['active', 'waiting', 'blocked'].includes(status));
  return [
    text(
      ended?.sentence ??
        (open
          ? `${state}, at ${open.title}${open.says === null ? '' : `: ${open.says}`}`
          : `It is ${state}.`),
      'strong',
    ),
    ...(migration.description ? [text(migration.description)] : []),
    ...gone.map((sentence) => text(sentence, 'warn')),
    ...list(ended?.undone ?? [], 'Taken back:'),
    ...list(ended?.left ?? [], 'Left for a person to decide:'),
  ];
}

const list = (items: string[], before: string): Block[] =>
  items.length > 0 ? [text(before), { kind: 'list', items }] : [];

const how = { waiting: 'waits', blocked: 'blocked', paused: 'paused' } as const;

function timeline(account: Account): Block[] {
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
      : [text('It was never paused.')]),
  ];
}

function moved({ migration, deletion: gone, ends }: Account): Block[] {
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

const weight = { overridden: ', overridden', 'not-measured': ', not verified' } as const;

function stepBlocks(step: AccountStep, account: Account): Block[] {
  const heard = account.said.filter(({ step: id }) => id === step.id);
  const asks = stepKind(step.id).ask;
  const inside: Block[] = [
    ...(step.says === null ? [] : [text(step.says, step.unverified ? 'warn' : 'strong')]),
    ...(asks === undefined ? [] : [text(`What was asked: ${asks}`, 'soft')]),
    ...(step.parts.length > 0
      ? tableOf(
          ['For', 'said by', 'at (UTC)', 'note', 'checked'],
          step.parts.map(({ name, by, at, note, override, verified }) => [
            ...[named(name), by ?? '', clock(at), note ?? ''],
            override === null
              ? verified === true
                ? 'agrees with what was measured'
                : at === null
                  ? 'nothing was said'
                  : 'not known'
              : `overridden: ${override}`,
          ]),
        )
      : []),
    ...(step.leftOut > 0
      ? [text(`${counted(step.leftOut, 'measurement')} before these are not kept.`, 'soft')]
      : []),
    ...(step.measured.some(({ sentence }) => sentence !== step.says)
      ? tableOf(['At (UTC)', 'Measured and seen'], step.measured.map(measuredRow))
      : []),
    ...(heard.length > 0 ? tableOf(sayingHead, heard.map(sayingRow)) : []),
  ];
  const when =
    step.startedAt === null
      ? ''
      : `, ${clock(step.startedAt)} UTC${step.endedAt === null ? '' : `, took ${lasted(step.startedAt, step.endedAt)}`}`;
  const less = step.unverified ? weight[step.unverified] : '';
  return [{ kind: 'folded', title: `${step.title}: ${step.status}${less}${when}`, blocks: inside }];
}

const measuredRow = ({ at, sentence, unverified: less }: Measured): string[] => [
  clock(at),
  `${sentence}${less ? ' (not verified)' : ''}`,
];

const sayingHead = ['At (UTC)', 'Said', 'by', 'for', 'note', 'answered', 'sent by'];

const sayingRow = (one: Saying): string[] => [
  ...[clock(one.at), `${one.message} (${one.via})`, one.by ?? 'nobody named'],
  one.name === null ? '' : named(one.name),
  [
    ...(one.note === null ? [] : [one.note]),
    ...(one.override === null ? [] : [`override: ${one.override}`]),
    ...(one.accept.length > 0 ? [`accepts ${few(one.accept)}`] : []),
  ].join('; '),
  one.refused === null ? (one.reply ?? '') : `did not count: ${one.refused}`,
  one.identity,
];

function findings({ findings: all, steps }: Account): Block[] {
  if (all.length === 0) return [text('No check found anything.')];
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

function unverified({ unverified: open, overridden, state }: Account): Block[] {
  if (open.length === 0 && overridden.length === 0)
    return [
      text(state === 'done' ? 'Every step was measured.' : 'No step that was closed lacks its measurement.'),
    ];
  return [
    ...(open.length > 0 ? [{ kind: 'list' as const, items: open }] : []),
    ...(overridden.length > 0
      ? tableOf(
          ['Overridden', 'for', 'by', 'at (UTC)', 'why'],
          overridden.map(({ title, name, by, at, reason }) => [title, named(name), by, clock(at), reason]),
        )
      : []),
  ];
}

function offsets({ offsets: groups, ends, migration }: Account): Block[] {
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

function parity({ parity: compared, migration }: Account): Block[] {
  if (!compared) return [text('Both clusters were not compared record by record.')];
  const { sentence, verdict, records, bytes, unverifiable, differences, hashes, at } = compared;
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
  ];
}

function deletion({ deletion: gone, migration }: Account): Block[] {
  if (!gone) return [text('Nothing was deleted.')];
  const { at, sentence, approvedBy, topics, recreated } = gone;
  return [
    text(
      at === null
        ? `Nothing was deleted: this is what was checked for it on ${named(migration.source)}.`
        : `${clock(at)} UTC: ${sentence ?? ''}`,
      'strong',
    ),
    ...(approvedBy.some(({ by }) => by !== null)
      ? tableOf(
          ['Topic', 'Deletion approved by', 'at (UTC)'],
          approvedBy.map(({ topic, by, at: when }) => [named(topic), by ?? '', clock(when)]),
        )
      : []),
    ...(recreated.length > 0 ? [text(`Made again by somebody since: ${few(recreated)}.`, 'warn')] : []),
    ...topics.map(
      ({ topic, topicId, partitions, replicationFactor, config, acls, highWatermarks }): Block => ({
        kind: 'folded',
        title: `${named(topic)}: ${counted(partitions, 'partition')}, ${counted(Object.keys(config).length, 'setting')}, ${counted(acls.length, 'ACL')}`,
        blocks: [
          text(
            `Id ${topicId ?? 'unknown'}, ${counted(partitions, 'partition')}, replication factor ${replicationFactor ?? 'not kept'}.`,
          ),
          ...(Object.keys(config).length > 0
            ? tableOf(
                ['Set for this topic', 'to'],
                Object.entries(config).map(([name, value]) => [name, value]),
              )
            : [text('Nothing was set for this topic itself.')]),
          ...(acls.length > 0
            ? tableOf(
                [`ACLs for exactly this topic`],
                acls.map((acl) => [acl]),
              )
            : [text('There were no ACLs for exactly this topic.')]),
          ...tableOf(
            ['Partition', 'ended at'],
            highWatermarks.map((mark, partition) => [
              String(partition),
              mark === null ? 'not kept' : digits(mark),
            ]),
            [0, 1],
          ),
        ],
      }),
    ),
  ];
}

function made({ made: all }: Account): Block[] {
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

const said = ({ said: all }: Account): Block[] =>
  all.length === 0
    ? [text('Nobody has said anything that Temporal still has.')]
    : [
        {
          kind: 'folded',
          title: counted(all.length, 'message'),
          blocks: tableOf(sayingHead, all.map(sayingRow)),
        },
      ];

function origin({ workflowId, runs, gone, migration, readAt }: Account): Block[] {
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
