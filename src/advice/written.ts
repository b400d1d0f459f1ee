import { Document, isMap, isScalar } from 'yaml';
import type { Inventory } from '../inventory/inventory.js';
import { named, oneLine } from '../migration/foreign-text.js';
import type { Advice } from './advise.js';
import { questionIds, questions, type Answers } from './answers.js';
import type { Registries } from './facts.js';
import { grantsOf, teamOf, whyUsesUnknown } from './applications.js';
import { expectedOf, expectedText } from './expected.js';
import { topicsOf, type TopicSet } from './sets.js';

const comment = (lines: readonly string[]): string => lines.map((line) => ` ${oneLine(line)}`).join('\n');

/**
 * A migration file for a set, with the reasons as comments. What only a person knows is left empty, which `ferry plan`
 * names as a mistake; whose ACLs are copied is asked about by the plan.
 */
export function migrationFileFor(
  set: TopicSet,
  advice: Advice,
  answers: Answers,
  inventory: Inventory,
  { target, registries }: { target?: string; registries?: Registries },
): string {
  const moved = set.topics.filter(({ partOf }) => partOf === null);
  const names = moved.map(({ name }) => name);
  const idempotent = answers.idempotent === true || advice.recommended === 'doubleProducer';
  const usesSchemas = set.topics.some(({ schemas }) => (schemas.value?.ids.length ?? 1) > 0);
  const producers = producersOf(set, inventory);
  const { waits, why } = waitsOf(set, inventory);
  const file = new Document({
    name: set.name,
    strategy: advice.recommended,
    source: inventory.cluster,
    target: target ?? null,
    topics: moved.map(({ name }) => ({ name })),
    ...(producers.length > 0 && { producers: producers.map((name) => ({ name })) }),
    consumers: set.groups
      .filter(({ group, protocol }) => group !== '' && protocol !== 'share')
      .map((group) => {
        const read = [...topicsOf(group, names)].filter((name) => names.includes(name)).sort();
        return { group: group.group, ...(read.length < names.length && { topics: read }) };
      })
      // A group that reads none of the topics by what was seen would read all of them by the file.
      .filter(({ topics }) => topics === undefined || topics.length > 0),
    // MirrorMaker needs a Kafka Connect; the ferry's own engine needs nothing else.
    ...(advice.recommended === 'advancedMirroring' && { mirror: 'engine' }),
    ...(registries &&
      usesSchemas &&
      advice.recommended !== 'simpleMirroring' && { schemas: { ...registries } }),
    ...(idempotent && { messages: { idempotent: true } }),
    ...(waits && { waits }),
  });
  const chosen = advice.strategies.find(({ strategy }) => strategy === advice.recommended);
  file.commentBefore = comment([
    `Advised by ferry from what was seen of ${named(inventory.cluster)} at ${inventory.scannedAt}.`,
    ...(chosen
      ? chosen.rules.map(
          ({ sentence, holds, facts }) =>
            `${sentence}: ${holds} (${facts.map(({ from }) => from).join('; ')})`,
        )
      : ['No strategy fits by what is known. Choose one, or answer:', ...conditionsOf(advice)]),
    ...set.ties,
    ...expectedText(expectedOf(set)),
    ...advice.warnings,
  ]);
  const note = (key: string, lines: readonly string[]) => {
    if (lines.length === 0 || !isMap(file.contents)) return;
    const pair = file.contents.items.find(({ key: of }) => String(of) === key);
    if (pair) (pair.key as { commentBefore?: string }).commentBefore = comment(lines);
  };
  note('strategy', advice.recommended === null ? ['Fill in the strategy.'] : []);
  note('target', target === undefined ? ['Fill in the name of the target cluster in ferry.yaml.'] : []);
  note('producers', ['By their ACLs these may write: take away who does not, add who is missing.']);
  note('consumers', [
    ...(producers.length > 0 ? [] : [noProducers(inventory)]),
    ...principalLines(set, inventory),
  ]);
  note('waits', why);
  return String(file);
}

/** Principals that the plan will ask about: those with a binding that applies to one of its topics or groups. */
function principalLines(set: TopicSet, { acls }: Inventory): string[] {
  if (acls.unknown !== undefined) return [`Principals are not known: ${acls.unknown}`];
  const granted = grantsOf(acls);
  const everything = (acls.value ?? []).filter(
    ({ resourceType, resourceName }) =>
      resourceName === '*' &&
      (resourceType === 'topic' || (resourceType === 'group' && set.groups.length > 0)),
  );
  const principals = new Set(
    [
      ...everything,
      ...set.topics.flatMap(({ name }) => granted.on('topic', name)),
      ...set.groups.flatMap(({ group }) => granted.on('group', group)),
    ].map(({ principal }) => principal),
  );
  return principals.size === 0
    ? []
    : [
        'These principals have ACLs on it: map each to its name on the target under principals, or leave it behind',
        `(leaveBehind.principals): ${[...principals].sort().map(named).join(', ')}`,
      ];
}

/** Who may write by ACLs: brokers remember producers by numbers alone. */
function producersOf(set: TopicSet, { acls }: Inventory): string[] {
  const granted = grantsOf(acls);
  const writers = set.topics.flatMap(({ name }) =>
    granted.on('topic', name).filter(({ operation }) => operation === 'write' || operation === 'all'),
  );
  return [...new Set(writers.map(({ principal }) => principal.replace(/^User:/, '')))].sort();
}

function noProducers({ acls }: Inventory): string {
  const why = whyUsesUnknown(acls);
  return why === undefined
    ? 'By ACLs nobody in particular may write, which is no proof that nobody does: name its producers (producers).'
    : `Producers are not known: ${why}. Name them (producers).`;
}

const minute = 60_000;

/**
 * Where nothing was written between two looks and for some time before, a silence of the usual length says nothing about a
 * producer that is still there.
 */
function waitsOf(
  set: TopicSet,
  { scannedAt }: Inventory,
): { waits?: { quiet: string; patience: string }; why: string[] } {
  const still = set.topics.every(
    ({ rate, newest }) =>
      rate.value === 0 &&
      typeof newest.value === 'number' &&
      newest.value < Date.parse(scannedAt) - 10 * minute,
  );
  return still
    ? {
        waits: { quiet: '1h', patience: '2h' },
        why: [
          'It is written seldom: a short silence would say nothing about whether its producers are gone.',
        ],
      }
    : { why: [] };
}

const conditionsOf = ({ strategies }: Advice): string[] =>
  strategies
    .filter(({ verdict }) => verdict === 'fits-if')
    .map(({ strategy, conditions }) => `${strategy} fits if it is so ${conditions.join(', and ')}.`);

/**
 * The six questions for each set, with what was answered before; `don't know` is an answer. What was measured is told beside
 * it: written as an answer it would count as a person's word when the cluster has changed since.
 */
export function answersFileFor(
  sets: readonly { set: TopicSet; answers: Answers; advice: Advice; team?: string }[],
): string {
  const word = (said?: boolean) => (said === undefined ? "don't know" : said ? 'yes' : 'no');
  const file = new Document({
    sets: Object.fromEntries(
      sets.map(({ set, answers, team }) => [
        set.name,
        {
          topics: set.topics.map(({ name }) => name),
          team: team ?? teamOf(set.topics[0]?.name ?? set.name),
          ...Object.fromEntries(questionIds.map((id) => [id, word(answers[id])])),
        },
      ]),
    ),
  });
  for (const { set, advice } of sets)
    for (const { fact, how, value, from } of advice.strategies.flatMap(({ rules }) =>
      rules.flatMap(({ facts }) => facts),
    )) {
      const answer: unknown = how === 'measured' ? file.getIn(['sets', set.name, fact], true) : undefined;
      if (isScalar(answer)) answer.comment = ` ${oneLine(`measured now: ${word(value)}, ${from}`)}`;
    }
  file.commentBefore = comment([
    "Answer each with yes, no or don't know: what was measured stands in for what you do not know.",
    'The team is guessed from the name of the first topic.',
    ...questionIds.map((id) => `${id}: ${questions[id]}`),
  ]);
  return String(file);
}
