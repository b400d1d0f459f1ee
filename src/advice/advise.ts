import { named } from '../migration/foreign-text.js';
import { strategyNames, type Strategy } from '../migration/strategies.js';
import type { Answers } from './answers.js';
import { facts, type Fact, type FactId, type Measured, type Registries } from './facts.js';
import { rules, type Rule } from './rules.js';
import type { TopicSet } from './sets.js';

export interface Judged {
  sentence: string;
  weight: Rule['weight'];
  /** Unknown is not no. */
  holds: 'yes' | 'no' | 'unknown';
  facts: ({ fact: FactId } & Fact)[];
  change: string;
}

export interface StrategyAdvice {
  strategy: Strategy;
  verdict: 'fits' | 'fits-if' | 'does-not-fit';
  rules: Judged[];
  /** What has to be so for it to fit; what would have to change where it does not. */
  conditions: string[];
  /** Conditions without which it fits but does more than is needed. */
  beyondNeed: string[];
}

export interface Advice {
  set: string;
  strategies: StrategyAdvice[];
  /** The first in the runbook's order that fits; one that does no more than is needed goes before. `null`: none so far. */
  recommended: Strategy | null;
  warnings: string[];
}

export function advise(set: TopicSet, answers: Answers, registries?: Registries): Advice {
  return { set: set.name, ...judgeAll(set, answers, registries), warnings: warningsOf(set) };
}

/** The five strategies by what was measured and answered. */
export function judgeAll(
  set: Measured,
  answers: Answers,
  registries?: Registries,
): Pick<Advice, 'strategies' | 'recommended'> {
  const judged = strategyNames.map((strategy) => judge(strategy, set, answers, registries));
  const fitting = judged.filter(({ verdict }) => verdict === 'fits');
  const recommended = fitting.find(({ beyondNeed }) => beyondNeed.length === 0) ?? fitting[0];
  return { strategies: judged, recommended: recommended?.strategy ?? null };
}

function judge(strategy: Strategy, set: Measured, answers: Answers, registries?: Registries): StrategyAdvice {
  const judged = rules[strategy].map((rule) => judgeRule(rule, set, answers, registries));
  const musts = judged.filter(({ weight }) => weight === 'must');
  const broken = musts.filter(({ holds }) => holds === 'no');
  const open = musts.filter(({ holds }) => holds === 'unknown');
  return {
    strategy,
    verdict: broken.length > 0 ? 'does-not-fit' : open.length > 0 ? 'fits-if' : 'fits',
    rules: judged,
    conditions: [...broken, ...open].map(({ change }) => change),
    beyondNeed: judged
      .filter(({ weight, holds }) => weight === 'reason' && holds === 'no')
      .map(({ sentence }) => sentence),
  };
}

function judgeRule(rule: Rule, set: Measured, answers: Answers, registries?: Registries): Judged {
  const seen = Object.entries(rule.needs).map(([id, wanted]) => {
    const fact: Fact = facts[id as FactId](set, answers, registries);
    return {
      fact: id as FactId,
      ...fact,
      holds: fact.value === undefined ? 'unknown' : fact.value === wanted ? 'yes' : 'no',
    } as const;
  });
  const all = seen.map(({ holds }) => holds);
  const [decides, otherwise] = rule.of === 'all' ? (['no', 'yes'] as const) : (['yes', 'no'] as const);
  const holds = all.includes(decides) ? decides : all.includes('unknown') ? 'unknown' : otherwise;
  return {
    sentence: rule.sentence,
    weight: rule.weight,
    holds,
    facts: seen.map(({ holds: _, ...fact }) => fact),
    change: rule.change,
  };
}

/** The warning of a set about what could not be seen; what might tie any set to any other is told once beside all of them. */
export const notSeen = (what: string): string => `Not seen: ${what}`;

function warningsOf({ topics, groups, connectors, unseen }: TopicSet): string[] {
  return [
    ...unseen.map(notSeen),
    ...topics.flatMap(({ name, tiered, partOf }) => [
      ...(tiered.value === true ? [`${name} has tiered storage: its history is read slowly`] : []),
      ...(partOf === 'streams' || partOf === 'ksqldb'
        ? [
            `${name} is an inner topic of ${partOf === 'streams' ? 'Kafka Streams' : 'ksqlDB'}: reset the application on the target rather than move it without its state`,
          ]
        : []),
    ]),
    ...topics.flatMap(({ name, rate, overTime }) => {
      const written = overTime?.value?.written.value;
      return rate.value === 0 && typeof written?.last === 'number'
        ? [
            `nobody writes to ${name} now, and a survey saw it written to, last at the look of ${clock(written.last)}: its producers come back`,
          ]
        : [];
    }),
    ...groups.flatMap(({ group, movesWithoutMembers, protocol, state, overTime }) => [
      ...(state === 'dead' && overTime?.value
        ? [
            `group ${named(group)} is not there now, and a survey saw it, last at ${clock(overTime.value.lastSeen)}: ask whether it comes back`,
          ]
        : []),
      ...(movesWithoutMembers.value === true
        ? [
            `group ${named(group)} moves without members: its consumers assign partitions themselves, and are not seen to stop`,
          ]
        : []),
      ...(group === ''
        ? [
            'a group has an empty id, as old clients may have, and no migration file takes it: its offsets stay behind',
          ]
        : []),
      ...(protocol === 'share'
        ? [`group ${named(group)} is a share group, which has no offsets that could be moved`]
        : []),
    ]),
    ...connectors
      .filter((connector) => !groups.some(({ group }) => group === connector.group))
      .map(({ name, group }) =>
        group === undefined
          ? `connector ${named(name)} uses these topics, and whether it reads or writes is not known: ask who runs it`
          : `connector ${named(name)} reads these topics as group ${named(group)}, which has not been seen to commit: name it in consumers before it reads on the target`,
      ),
    ...(groups.length === 0 && connectors.length === 0
      ? ['nobody is seen to read these topics: that is no proof that nobody does']
      : []),
  ];
}

const clock = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
