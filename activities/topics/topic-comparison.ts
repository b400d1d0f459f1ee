import type { Finding } from '../../src/migration/findings.js';
import type { TopicFacts } from '../../src/kafka/cluster.js';
import { targetName, type TopicMove } from '../../src/migration/file.js';
import { applies, configRules, defaultDiffers, entryText, sameValue } from './config-rules.js';
import { effective, wantedConfig } from './topic-config.js';
import { replicationFactor, type TopicState } from './topic-reading.js';
import { asking, blocking, noting } from '../kit/weights.js';
import { count } from '../kit/wording.js';

/**
 * Compares a topic that is on the target already with what the migration needs. What a consumer or a producer would
 * notice blocks, with both values and what to do; any other difference is a note.
 */
export function compareTopic(
  move: TopicMove,
  source: TopicState,
  there: TopicState,
  target: string,
): Finding[] {
  return [
    ...comparePartitions(move, source, there, target),
    ...compareConfig(move, source, there, target),
    ...compareReplication(move, source, there, target),
  ];
}

export const configNotShown = (topic: string): string => `config-not-shown:${topic}`;

/**
 * The same of a topic whose configuration the target does not show: what it keeps, takes and gives times to is a promise
 * that a person has to look after.
 *
 * @param as what it should be like, in words
 */
export function compareUnseen(
  move: TopicMove,
  source: TopicState,
  facts: TopicFacts,
  target: string,
  as = `what ${move.name} has on the source`,
): Finding[] {
  const name = targetName(move);
  return [
    ...compareTopic(move, source, { facts, config: [] }, target).filter(
      ({ key }) => !key.startsWith('config-differs:'),
    ),
    asking(
      configNotShown(name),
      `${target} does not show the ferry how ${name} is configured, so nobody has compared it with ${as}: look there, above all at cleanup.policy, retention.ms and retention.bytes, max.message.bytes, message.timestamp.type and the limits of times (message.timestamp.*), then accept this; or grant the ferry DESCRIBE_CONFIGS on it (at Aiven: admin).`,
    ),
  ];
}

function comparePartitions(
  move: TopicMove,
  source: TopicState,
  there: TopicState,
  target: string,
): Finding[] {
  const name = targetName(move);
  const wanted = move.partitions ?? source.facts.partitions.length;
  const has = there.facts.partitions.length;
  if (has === wanted) return [];
  const key = `partitions-differ:${name}`;
  const says = `${name} on ${target} has ${count(has, 'partition')} and the migration needs ${wanted}`;
  return has < wanted
    ? [blocking(key, `${says}: add partitions there, or have the topic created anew.`)]
    : [
        blocking(
          key,
          `${says}: keys would lie on other partitions than on the source; create it with ${wanted}, or accept that order by saying partitions: ${has} in the file.`,
        ),
      ];
}

function compareConfig(move: TopicMove, source: TopicState, there: TopicState, target: string): Finding[] {
  const name = targetName(move);
  const asked = wantedConfig(move, source.config);
  const wantedValue = (entry: string) => asked[entry] ?? effective(source.config, entry);
  const findings: Finding[] = [];
  const ruled = new Set<string>();
  for (const rule of configRules) {
    ruled.add(rule.name);
    const wanted = wantedValue(rule.name);
    const has = effective(there.config, rule.name);
    if (wanted === undefined || has === undefined || !applies(rule, wantedValue('cleanup.policy'))) continue;
    if (sameValue(rule.name, wanted, has)) continue;
    // Nobody set it on either side: what is asked about is the same as for a topic that the ferry would create.
    const onTopic = there.config.some((entry) => entry.name === rule.name && entry.source === 'topic');
    if (asked[rule.name] === undefined && !onTopic && rule.worse(wanted, has)) {
      findings.push(defaultDiffers(name, rule, wanted, has, target));
      continue;
    }
    const says = `${name} on ${target} has ${entryText(rule.name, has)} and the migration needs ${entryText(rule.name, wanted)}`;
    findings.push(
      rule.worse(wanted, has)
        ? blocking(
            `config-differs:${name}:${rule.name}`,
            `${says}: ${rule.consequence}; change it there, or say what is wanted under config in the file.`,
          )
        : noting(`config-differs:${name}:${rule.name}`, `${says}: that is enough, and it is left so.`),
    );
  }
  for (const [entry, wanted] of Object.entries(asked)) {
    const has = effective(there.config, entry);
    if (ruled.has(entry) || (has !== undefined && sameValue(entry, wanted, has))) continue;
    findings.push(
      noting(
        `config-differs:${name}:${entry}`,
        has === undefined
          ? `${name} on ${target} has no ${entry}, which is ${entryText(entry, wanted)} for the source: that version does not know it.`
          : `${name} on ${target} has ${entryText(entry, has)} and the source ${entryText(entry, wanted)}: it is left so.`,
      ),
    );
  }
  return findings;
}

function compareReplication(
  move: TopicMove,
  source: TopicState,
  there: TopicState,
  target: string,
): Finding[] {
  const name = targetName(move);
  const has = replicationFactor(there.facts);
  const wanted = move.replicationFactor ?? replicationFactor(source.facts);
  const inSync = Number(effective(there.config, 'min.insync.replicas') ?? 1);
  const findings: Finding[] = [];
  if (has !== wanted)
    findings.push(
      noting(
        `replication-differs:${name}`,
        `${name} on ${target} has replication factor ${has}, not ${wanted}: it is left so.`,
      ),
    );
  if (inSync > has)
    findings.push(
      blocking(
        `unwritable:${name}`,
        `${name} on ${target} has min.insync.replicas=${inSync} with replication factor ${has}, so no producer with acks=all can write to it: change one of them there.`,
      ),
    );
  return findings;
}
