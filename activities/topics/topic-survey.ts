import type { Cluster, ConfigEntry, NewTopic, TopicFacts } from '../../src/kafka/cluster.js';
import { isFerryError } from '../../src/migration/errors.js';
import type { Finding } from '../../src/migration/findings.js';
import { targetName, type Migration, type TopicMove } from '../../src/migration/file.js';
import type { Work } from '../../src/migration/work/work.js';
import type { DeclaredTopic, Declaring } from '../../src/provision/declaring.js';
import { declareTopic } from './declared-topic.js';
import { compareTopic, compareUnseen } from './topic-comparison.js';
import { planTopic, type TargetLimits } from './topic-plan.js';
import { probeTopics, type Candidate } from './topic-probe.js';
import { brokersBack } from './brokers-away.js';
import { readFindings, readTopics, replicationFactor, type TopicState } from './topic-reading.js';
import { blocking, noting } from '../kit/weights.js';
import { under } from '../../src/migration/by-name.js';

/** How the topics of a migration stand on both sides. */
export interface TopicSurvey {
  /** By name on the source. */
  source: Map<string, TopicState>;
  /** By name on the target. */
  target: Map<string, TopicState>;
  /** By name on the target: those whose configuration it does not show. */
  hidden: Map<string, TopicFacts>;
  /** What the ferry would create, as the target would take it. */
  toCreate: NewTopic[];
  /** Moves whose topic people have yet to create. */
  awaited: TopicMove[];
  /** What they create them from, where the target is provisioned by files; those that are there already among them. */
  declared?: DeclaredTopic[];
  findings: Finding[];
}

/** Reads, compares and plans the topics of a migration. The number of requests does not depend on that of topics. */
export async function surveyTopics(
  source: Cluster,
  target: Cluster,
  work: Pick<Work, 'migration' | 'topicIds'>,
  declaring?: Declaring,
): Promise<TopicSurvey> {
  const moves = work.migration.topics;
  const [onSource, onTarget, limits] = await Promise.all([
    surveySource(source, work),
    readTopics(target, moves.map(targetName)),
    readLimits(target),
  ]);
  const there = (name: string) => onTarget.topics.has(name) || onTarget.hidden.has(name);
  const needed = Math.max(
    0,
    ...moves.flatMap((move) => {
      const from = onSource.topics.get(move.name);
      const missing = !there(targetName(move)) && move.createdBy === 'ferry' && !declaring;
      return from && missing ? [move.replicationFactor ?? replicationFactor(from.facts)] : [];
    }),
  );
  limits.target.brokers = await brokersBack(target, needed, { brokers: limits.target.brokers });
  const { hidden } = onTarget;
  const refused = readFindings(target.name, onTarget);
  const findings = [...onSource.findings, ...refused];
  const candidates: Candidate[] = [];
  const awaited: TopicMove[] = [];
  const declared: DeclaredTopic[] = [];
  const unreadable = new Set(refused.map(({ key }) => key));
  for (const move of moves) {
    const from = onSource.topics.get(move.name);
    const there = onTarget.topics.get(targetName(move));
    if (from?.facts.internal) {
      // It is refused as it is; what the target has under that name is its own affair.
      onTarget.topics.delete(targetName(move));
      hidden.delete(targetName(move));
      continue;
    }
    if (!from || unreadable.has(`unreadable:${target.name}/${targetName(move)}`)) continue;
    if (declaring) {
      const made = declareTopic(move, from, limits.target, declaring);
      declared.push(made.declared);
      const unseen = hidden.get(targetName(move));
      findings.push(
        ...made.findings,
        ...(there ? made.compared(there) : unseen ? made.unseen(unseen) : made.ahead),
      );
      if (!there && !unseen) awaited.push(move);
      continue;
    }
    const unseen = hidden.get(targetName(move));
    if (there || unseen) {
      if (there) findings.push(...compareTopic(move, from, there, target.name));
      if (unseen) findings.push(...compareUnseen(move, from, unseen, target.name));
      continue;
    }
    const plan = planTopic(move, from, limits.target);
    if (move.createdBy === 'people') {
      awaited.push(move);
      continue;
    }
    findings.push(...plan.findings);
    // A replication that the brokers cannot give is said better by the plan than by the refusal that it would meet.
    if (plan.topic.replicationFactor <= limits.target.brokers) candidates.push({ move, topic: plan.topic });
  }
  if (candidates.length > 0 || (declaring && awaited.length > 0)) findings.push(...limits.findings);
  const probed = await probeTopics(target, candidates);
  findings.push(...probed.findings);
  return {
    source: onSource.topics,
    target: onTarget.topics,
    hidden,
    toCreate: probed.topics,
    awaited,
    ...(declaring && { declared }),
    findings,
  };
}

/** The topics on the source, and what makes them unfit to be moved. */
export async function surveySource(
  source: Cluster,
  { migration, topicIds }: Pick<Work, 'migration' | 'topicIds'>,
): Promise<{ topics: Map<string, TopicState>; findings: Finding[] }> {
  const { topics, findings } = await readTopics(
    source,
    migration.topics.map(({ name }) => name),
  );
  const unreadable = new Set(findings.map(({ key }) => key));
  for (const move of migration.topics) {
    const state = topics.get(move.name);
    if (state) findings.push(...unfit(move, state, source.name, under(topicIds, move.name)));
    else if (!unreadable.has(`unreadable:${source.name}/${move.name}`))
      findings.push(
        blocking(
          `topic-missing:${source.name}/${move.name}`,
          `There is no topic ${move.name} on ${source.name}, or the ferry may not see it: check the name and its ACLs.`,
        ),
      );
  }
  return { topics, findings };
}

function unfit(
  move: TopicMove,
  { facts }: TopicState,
  source: string,
  id: string | null | undefined,
): Finding[] {
  const findings: Finding[] = [];
  if (facts.internal)
    findings.push(
      blocking(
        `topic-internal:${move.name}`,
        `${move.name} is an internal topic of ${source}: take it out of the file.`,
      ),
    );
  if (id != null && facts.topicId !== id)
    findings.push(
      blocking(
        `topic-recreated:${move.name}`,
        `${move.name} on ${source} is not the topic that the plan saw: it was deleted and created again; abort, and start again if it is still to be moved.`,
      ),
    );
  if (move.partitions !== undefined && move.partitions < facts.partitions.length)
    findings.push(
      blocking(
        `partitions:${move.name}`,
        `${move.name} has ${facts.partitions.length} partitions on ${source} and the file asks for ${move.partitions}: ask for as many or more.`,
      ),
    );
  if (move.partitions !== undefined && move.partitions > facts.partitions.length)
    findings.push(
      noting(
        `partitions:${move.name}`,
        `${move.name} gets ${move.partitions} partitions where ${source} has ${facts.partitions.length}: keys will lie on other partitions than before.`,
      ),
    );
  return findings;
}

async function readLimits(target: Cluster): Promise<{ target: TargetLimits; findings: Finding[] }> {
  const { brokers } = await target.identity();
  let defaults: ConfigEntry[] = [];
  const findings: Finding[] = [];
  try {
    defaults = await target.brokerConfig();
  } catch (error) {
    if (!isFerryError(error) || error.type !== 'Unauthorized') throw error;
    findings.push(
      noting(
        `defaults-unread:${target.name}`,
        `${target.name} does not show the ferry its brokers' defaults: what a topic gets where nothing is set is compared with the source once the topic is there.`,
      ),
    );
  }
  return { target: { name: target.name, brokers: brokers.length, defaults }, findings };
}

export function topicIdsOf(
  migration: Migration,
  source: ReadonlyMap<string, TopicState>,
): Record<string, string | null> {
  return Object.fromEntries(
    migration.topics.flatMap(({ name }) => {
      const state = source.get(name);
      return state ? [[name, state.facts.topicId] as const] : [];
    }),
  );
}
