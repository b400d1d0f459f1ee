import { z } from 'zod';
import type { Cluster } from '../../src/kafka/cluster.js';
import { standing, type Finding } from '../../src/migration/findings.js';
import { targetName, type Migration, type TopicMove } from '../../src/migration/file.js';
import type { Activities } from '../../src/migration/work/activities.js';
import type { MadeTopic } from '../../src/migration/work/topics.js';
import type { Work } from '../../src/migration/work/work.js';
import type { Declaring } from '../../src/provision/declaring.js';
import { eventually, type Attempt } from '../kit/attempt.js';
import type { Dependencies } from '../kit/dependencies.js';
import { lastingAt } from '../kit/rows.js';
import { butFor, unseenText } from './comparison-text.js';
import { compareTopic, compareUnseen, configNotShown } from './topic-comparison.js';
import { readFindings, readTopics, type TopicState } from './topic-reading.js';
import { surveySource, surveyTopics, type TopicSurvey } from './topic-survey.js';
import { blocking } from '../kit/weights.js';
import { count, listed } from '../kit/wording.js';

type Answer<Name extends keyof Activities> = Awaited<ReturnType<Activities[Name]>>;

/** Compares topics, named as on the source, with what the target has. */
export async function compareTopics(
  { clusters, declares }: Dependencies,
  { topics, ...work }: Work & { topics: readonly string[] },
): Promise<Answer<'compareTopics'>> {
  const { migration, accepted = [] } = work;
  const target = clusters(migration.target);
  const moves = migration.topics.filter(({ name }) => topics.includes(name));
  const declaring = declares?.(migration.target);
  if (declaring)
    return compareDeclared(
      clusters(migration.source),
      target,
      { ...work, migration: { ...migration, topics: moves } },
      declaring,
    );
  const [onSource, onTarget] = await Promise.all([
    surveySource(clusters(migration.source), { ...work, migration: { ...migration, topics: moves } }),
    readTopics(target, moves.map(targetName)),
  ]);
  const refused = readFindings(target.name, onTarget);
  const findings = [...onSource.findings, ...refused];
  const unreadable = new Set(refused.map(({ key }) => key));
  const same: string[] = [];
  const unseen: string[] = [];
  const otherwise: Finding[] = [];
  for (const move of moves) {
    const name = targetName(move);
    const from = onSource.topics.get(move.name);
    const there = onTarget.topics.get(name);
    if (!from || unreadable.has(`unreadable:${target.name}/${name}`)) continue;
    const hidden = onTarget.hidden.get(name);
    const found = there
      ? compareTopic(move, from, there, target.name)
      : hidden
        ? compareUnseen(move, from, hidden, target.name)
        : [missing(move, from, target.name)];
    findings.push(...contradicting(found, accepted));
    if (standing(found, accepted).length > 0) continue;
    otherwise.push(...found);
    (there ? same : unseen).push(name);
  }
  const allFit = same.length + unseen.length === moves.length;
  const fit = `as the migration needs${butFor(otherwise, ['default-differs'])}.`;
  return {
    findings,
    sentence: [
      ...(!allFit ? [`${same.length} of ${count(moves.length, 'topic')} on ${target.name} are ${fit}`] : []),
      ...(allFit && same.length > 0 ? [`${listed(same)} on ${target.name} ${isOrAre(same)} ${fit}`] : []),
      ...(unseen.length > 0
        ? [
            `${listed(unseen)} on ${target.name} ${isOrAre(unseen)} as the migration needs in partitions.`,
            unseenText(unseen, target.name),
          ]
        : []),
    ].join(' '),
  };
}

const isOrAre = (names: readonly string[]): string => (names.length === 1 ? 'is' : 'are');

/** What a person has accepted of it contradicts no claim any more. */
const contradicting = (findings: readonly Finding[], accepted: readonly string[]): Finding[] =>
  findings.filter(({ weight, key }) => weight !== 'asks' || !accepted.includes(key));

async function compareDeclared(
  source: Cluster,
  target: Cluster,
  { accepted = [], ...work }: Work,
  declaring: Declaring,
): Promise<Answer<'compareTopics'>> {
  const survey = await surveyTopics(source, target, work, declaring);
  const found = [...survey.findings, ...missingOf(survey, target.name)];
  const findings = contradicting(found, accepted);
  const all = work.migration.topics.map(targetName);
  const unseen = all.filter((name) => survey.hidden.has(name));
  const seen = all.filter((name) => !survey.hidden.has(name));
  if (standing(found, accepted).length > 0)
    return { findings, sentence: `${listed(all)} on ${target.name}: not as declared.` };
  const but = butFor(found, ['config-differs', 'not-as-declared']);
  return {
    findings,
    sentence: [
      ...(seen.length > 0
        ? [
            `${listed(seen)} on ${target.name} as declared, in partitions and in every entry of the configuration that was${but}.`,
          ]
        : []),
      ...(unseen.length > 0
        ? [`${listed(unseen)} on ${target.name} as declared in partitions.`, unseenText(unseen, target.name)]
        : []),
    ].join(' '),
  };
}

/**
 * Creates the topics of `createdBy: ferry` that the target lacks.
 *
 * A topic counts as made by this migration when it was absent at the moment its creation was noted, and is there now
 * exactly as it was asked for: so an attempt whose answer was lost, or a request whose answer was, does not orphan what
 * it created. A topic that differs, or was there before, is never counted.
 */
export async function createTopics(
  { clusters, declares }: Dependencies,
  { accepted = [], ...work }: Work,
  attempt: Attempt,
): Promise<Answer<'createTopics'>> {
  const { migration } = work;
  const source = clusters(migration.source);
  const target = clusters(migration.target);
  const survey = await surveyTopics(source, target, work, declares?.(migration.target));
  const findings = [...survey.findings, ...missingOf(survey, target.name)];
  const asked = new Set(note.safeParse(attempt.noted).data?.absent);
  if (standing(findings, accepted).length > 0)
    return {
      made: madeAmong(asked, survey, migration, accepted),
      findings,
      sentence: `Nothing was created on ${target.name}: ${count(standing(findings, accepted).length, 'finding')} to be mended or accepted first.`,
    };

  const taken = new Set<string>();
  for (const { name } of survey.toCreate) asked.add(name);
  if (survey.toCreate.length > 0) {
    await attempt.note({ absent: [...asked] } satisfies z.infer<typeof note>);
    attempt.says(`Creates ${count(survey.toCreate.length, 'topic')} on ${target.name}.`);
    const rows = await target.createTopics(survey.toCreate, { signal: attempt.signal });
    const accepted = survey.toCreate.filter(({ name }) => {
      const { error } = lastingAt(rows, name);
      if (error && error.type !== 'Conflict') findings.push(blocking(`refused:${name}`, error.message));
      if (!error) taken.add(configNotShown(name));
      return !error || error.type === 'Conflict';
    });
    await eventually(
      async () => {
        const { topics, hidden } = await readTopics(
          target,
          accepted.map(({ name }) => name),
        );
        for (const [name, state] of topics) survey.target.set(name, state);
        for (const [name, facts] of hidden) survey.hidden.set(name, facts);
        return topics.size + hidden.size === accepted.length || undefined;
      },
      `The creation of ${listed(accepted.map(({ name }) => name))} on ${target.name}`,
      attempt.signal,
      accepted.length,
    );
    // Somebody else may have been quicker with a topic of the same name: it is what it is, and compared like any other.
    for (const move of migration.topics)
      if (accepted.some(({ name }) => name === targetName(move)))
        findings.push(...compareNow(move, survey, target.name));
  }
  // Of what the target has just taken from the ferry nobody has to see the configuration to know whose it is.
  const made = madeAmong(asked, survey, migration, [...accepted, ...taken]);
  const own = new Set(made.map(({ name }) => name));
  const others = migration.topics.map(targetName).filter((name) => !own.has(name));
  const compared = others.filter((name) => !survey.hidden.has(name)).length;
  const looked = [...survey.hidden.keys()].filter((name) => accepted.includes(configNotShown(name)));
  return {
    made,
    findings,
    sentence: [
      made.length > 0
        ? `${listed(made.map(({ name }) => name))} created on ${target.name}.`
        : `No topic had to be created on ${target.name}.`,
      ...(compared > 0 ? [`${count(compared, 'topic')} there already, compared.`] : []),
      ...(others.length > compared
        ? [`${count(others.length - compared, 'topic')} there already, compared in partitions alone.`]
        : []),
      ...(looked.length > 0 ? [unseenText(looked, target.name)] : []),
    ].join(' '),
  };
}

const note = z.object({ absent: z.array(z.string()) });

function madeAmong(
  asked: ReadonlySet<string>,
  survey: TopicSurvey,
  { topics, target }: Migration,
  accepted: readonly string[],
): MadeTopic[] {
  return topics.flatMap((move) => {
    const name = targetName(move);
    const there = survey.target.get(name)?.facts ?? survey.hidden.get(name);
    const ours =
      there && asked.has(name) && standing(compareNow(move, survey, target), accepted).length === 0;
    return ours ? [{ name, topicId: there.topicId }] : [];
  });
}

function compareNow(move: TopicMove, survey: TopicSurvey, target: string): Finding[] {
  const from = survey.source.get(move.name);
  const there = survey.target.get(targetName(move));
  const unseen = survey.hidden.get(targetName(move));
  if (from && there) return compareTopic(move, from, there, target);
  return from && unseen ? compareUnseen(move, from, unseen, target) : [];
}

function missingOf({ awaited, source }: TopicSurvey, target: string): Finding[] {
  return awaited.flatMap((move) => {
    const from = source.get(move.name);
    return from ? [missing(move, from, target)] : [];
  });
}

function missing(move: TopicMove, source: TopicState, target: string): Finding {
  const name = targetName(move);
  const partitions = count(move.partitions ?? source.facts.partitions.length, 'partition');
  return blocking(
    `topic-missing:${target}/${name}`,
    `There is no topic ${name} on ${target} yet: have it created with ${partitions}, then try again.`,
  );
}
