import type { Cluster, NewTopic } from '../../src/kafka/cluster.js';
import { under } from '../../src/migration/by-name.js';
import { FerryError } from '../../src/migration/errors.js';
import type { Finding } from '../../src/migration/findings.js';
import type { TopicMove } from '../../src/migration/file.js';
import { configRules, entryText } from './config-rules.js';
import { lastingAt } from '../kit/rows.js';
import { blocking, noting } from '../kit/weights.js';

export interface Candidate {
  move: TopicMove;
  topic: NewTopic;
}

/**
 * Asks the target whether it would create the topics (CreateTopics with `validateOnly`), and leaves out configuration
 * entries that it does not take: an older or newer version does not know every entry, and policies refuse some. An
 * entry that the file asks for, or that a consumer would miss, is never left out silently: it blocks.
 *
 * Brokers say that an entry is refused but not which one, so refused topics are asked about with one entry at a time:
 * as many requests as the topic with most entries has, however many topics there are.
 *
 * @throws FerryError `Unreachable` when a topic is being created just now.
 */
export async function probeTopics(
  target: Cluster,
  candidates: readonly Candidate[],
): Promise<{ topics: NewTopic[]; findings: Finding[] }> {
  const whole = await validate(
    target,
    candidates.map(({ topic }) => topic),
  );
  const findings: Finding[] = [];
  const refused: Candidate[] = [];
  for (const candidate of candidates) {
    const error = whole.get(candidate.topic.name);
    if (!error) continue;
    if (error.type === 'Conflict') throw onItsWay(target, candidate.topic);
    if (error.type === 'Refused' && Object.keys(candidate.topic.config).length > 0) refused.push(candidate);
    else findings.push(blocking(`refused:${candidate.topic.name}`, error.message));
  }
  const colliding = await collisions(target, [
    ...refused.map(({ topic }) => topic.name),
    ...findings.map(({ key }) => key.slice('refused:'.length)),
  ]);
  for (const [name, other] of colliding) {
    const known = findings.findIndex(({ key }) => key === `refused:${name}`);
    if (known >= 0) findings.splice(known, 1);
    findings.push(collidesFinding(name, other, target.name));
  }
  const blamed = await blame(
    target,
    refused.filter(({ topic }) => !colliding.has(topic.name)),
  );
  const reduced: Candidate[] = [];
  for (const candidate of refused) {
    const { move, topic } = candidate;
    if (colliding.has(topic.name)) continue;
    const entries = blamed.get(topic.name) ?? [];
    if (entries.length === 0) {
      findings.push(blocking(`refused:${topic.name}`, whole.get(topic.name)?.message ?? ''));
      continue;
    }
    for (const entry of entries) findings.push(entryFinding(move, topic, entry, target.name));
    const config = Object.fromEntries(
      Object.entries(topic.config).filter(([entry]) => !entries.includes(entry)),
    );
    reduced.push({ move, topic: { ...topic, config } });
  }
  const again = await validate(
    target,
    reduced.map(({ topic }) => topic),
  );
  for (const { topic } of reduced) {
    const error = again.get(topic.name);
    if (error) findings.push(blocking(`refused:${topic.name}`, error.message));
  }
  const replaced = new Map(reduced.map(({ topic }) => [topic.name, topic]));
  return { topics: candidates.map(({ topic }) => replaced.get(topic.name) ?? topic), findings };
}

/**
 * Brokers keep metrics of `a.b` and `a_b` under one name, and refuse the second of them as a name that is not valid.
 *
 * @returns by each name the topic that it collides with (`Topic.hasCollision` of Kafka)
 */
async function collisions(target: Cluster, names: readonly string[]): Promise<Map<string, string>> {
  const doubtful = names.filter((name) => /[._]/.test(name));
  if (doubtful.length === 0) return new Map();
  const there = new Map([...(await target.topics()).keys()].map((name) => [metricName(name), name]));
  return new Map(
    doubtful.flatMap((name) => {
      const other = there.get(metricName(name));
      return other === undefined || other === name ? [] : [[name, other] as const];
    }),
  );
}

const metricName = (topic: string): string => topic.replaceAll('.', '_');

function collidesFinding(name: string, other: string, target: string): Finding {
  return blocking(
    `topic-collides:${name}`,
    `${name} cannot be created on ${target} beside ${other}, which is there: brokers keep metrics of both under one name, in which a dot is an underscore; give it another newName in the file.`,
  );
}

/**
 * The controller has a topic that the brokers have just said is not there: they are still replaying its metadata log,
 * as after an attempt that created many topics. Trying again soon finds it there.
 */
function onItsWay(target: Cluster, { name }: NewTopic): FerryError {
  return new FerryError(
    'Unreachable',
    `The controller of ${target.name} has the topic ${name}, but its brokers do not show it yet: see whether they keep up with their controller.`,
  );
}

/** Which entries the target refuses when asked about each alone; none when the topic is refused without any of them. */
async function blame(target: Cluster, refused: readonly Candidate[]): Promise<Map<string, string[]>> {
  const bare = await validate(
    target,
    refused.map(({ topic }) => ({ ...topic, config: {} })),
  );
  const suspects = refused.map(({ topic }) => topic).filter(({ name }) => !bare.has(name));
  const blamed = new Map<string, string[]>();
  const rounds = Math.max(0, ...suspects.map(({ config }) => Object.keys(config).length));
  for (let round = 0; round < rounds; round++) {
    const single = suspects.flatMap((topic) =>
      Object.entries(topic.config)
        .slice(round, round + 1)
        .map(([entry, value]) => ({ ...topic, config: { [entry]: value } })),
    );
    const errors = await validate(target, single);
    for (const { name, config } of single)
      if (errors.has(name)) blamed.set(name, [...(blamed.get(name) ?? []), ...Object.keys(config)]);
  }
  return blamed;
}

async function validate(target: Cluster, topics: readonly NewTopic[]): Promise<Map<string, FerryError>> {
  if (topics.length === 0) return new Map();
  const rows = await target.createTopics(topics, { validateOnly: true });
  return new Map(
    topics.flatMap(({ name }) => {
      const { error } = lastingAt(rows, name);
      return error ? [[name, error] as const] : [];
    }),
  );
}

function entryFinding(move: TopicMove, topic: NewTopic, entry: string, target: string): Finding {
  const key = `config-refused:${topic.name}:${entry}`;
  const says = `${target} does not take ${entryText(entry, under(topic.config, entry) ?? '')} for ${topic.name}`;
  if (under(move.config, entry) !== undefined)
    return blocking(key, `${says}: take it out of the file or ask for a value that ${target} allows.`);
  if (configRules.some(({ name }) => name === entry))
    return blocking(key, `${says} as on the source: say under config in the file what it is to be instead.`);
  return noting(key, `${says}: it is left out.`);
}
