import type { Account, AccountStep, Measured, Saying } from '../../../account/account.js';
import { few, named } from '../../../migration/foreign-text.js';
import { stepKind } from '../../../migration/strategies.js';
import { tableOf, text, type Block } from '../document.js';
import { clock, counted, lasted } from '../words.js';

const weight = { overridden: ', overridden', 'not-measured': ', not verified' } as const;

export function stepBlocks(step: AccountStep, account: Account): Block[] {
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

export const said = ({ said: all }: Account): Block[] =>
  all.length === 0
    ? [text('Nobody has said anything that Temporal still has.')]
    : [
        {
          kind: 'folded',
          title: counted(all.length, 'message'),
          blocks: tableOf(sayingHead, all.map(sayingRow)),
        },
      ];
