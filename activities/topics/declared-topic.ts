import type { TopicFacts } from '../../src/kafka/cluster.js';
import { under } from '../../src/migration/by-name.js';
import type { Finding } from '../../src/migration/findings.js';
import { targetName, type TopicMove } from '../../src/migration/file.js';
import type { DeclaredTopic, Declaring } from '../../src/provision/declaring.js';
import { configRules, entryText, sameValue } from './config-rules.js';
import { compareTopic, compareUnseen } from './topic-comparison.js';
import { effective, explicitConfig, wantedConfig } from './topic-config.js';
import { planTopic, type TargetLimits } from './topic-plan.js';
import { replicationFactor, type TopicState } from './topic-reading.js';
import { asking } from '../kit/weights.js';
import { lossFinding, undeclarable } from '../kit/losses.js';

/** A topic that others make from a file, and what the target then has of it. */
export interface DeclaredMove {
  declared: DeclaredTopic;
  /** What cannot be said, and what is wrong in the file; told whether or not the topic is there. */
  findings: Finding[];
  /** What is to be known of a topic that is not there yet. */
  ahead: Finding[];
  /** Compares it as it is on the target with what was declared, entry by entry. */
  compared: (there: TopicState) => Finding[];
  /** The same of one whose configuration the ferry may not see. */
  unseen: (there: TopicFacts) => Finding[];
}

export function declareTopic(
  move: TopicMove,
  source: TopicState,
  target: TargetLimits,
  declaring: Declaring,
): DeclaredMove {
  const asSource = planTopic(move, source, target).findings;
  const explicit = explicitConfig(source.config);
  const declared = declaring.topic({
    from: move.name,
    name: targetName(move),
    partitions: move.partitions ?? source.facts.partitions.length,
    replicationFactor: move.replicationFactor ?? replicationFactor(source.facts),
    config: wantedConfig(move, source.config, target.defaults),
    defaults: Object.fromEntries(
      configRules.flatMap(({ name }) => {
        const value = effective(source.config, name);
        return value === undefined || explicit[name] !== undefined || move.config[name] !== undefined
          ? []
          : [[name, value]];
      }),
    ),
  });
  const { partitions, replicationFactor: replicas, config } = declared.topic;
  const asDeclared: TopicMove = { ...move, partitions, replicationFactor: replicas, config: { ...config } };
  // What was set on the source has become what is declared, or is lost by now; defaults of its brokers are left.
  const implied: TopicState = {
    facts: source.facts,
    config: source.config.filter(
      (entry) => entry.source !== 'topic' && under(config, entry.name) === undefined,
    ),
  };
  return {
    declared,
    findings: [...declared.mistakes.map(undeclarable), ...declared.losses.map(lossFinding)],
    ahead: [
      ...asSource.filter(({ key }) => key.startsWith('tiering-left-out:')),
      // Whoever applies the file may know of brokers that are to come.
      ...planTopic(asDeclared, implied, target).findings.map((finding): Finding =>
        finding.key.startsWith('replication:') && finding.weight === 'blocks'
          ? { ...finding, weight: 'asks' }
          : finding,
      ),
    ],
    compared: (there) => compareDeclared(asDeclared, implied, there, target.name, declaring.from),
    unseen: (facts) => compareUnseen(asDeclared, implied, facts, target.name, declaring.from),
  };
}

const ruled = new Set(configRules.map(({ name }) => name));

/**
 * What was declared need not be what the broker has: a controller may take a change for done that it never made. So every
 * entry is compared, and not only those by which records come to consumers.
 */
function compareDeclared(
  move: TopicMove,
  source: TopicState,
  there: TopicState,
  target: string,
  from: string,
): Finding[] {
  const name = targetName(move);
  const others = Object.entries(move.config).filter(([entry]) => !ruled.has(entry));
  const replaced = new Set(others.map(([entry]) => `config-differs:${name}:${entry}`));
  return [
    ...compareTopic(move, source, there, target).filter(({ key }) => !replaced.has(key)),
    ...others.flatMap(([entry, wanted]): Finding[] => {
      const has = effective(there.config, entry);
      if (has !== undefined && alike(entry, wanted, has)) return [];
      return [
        asking(
          `not-as-declared:${name}:${entry}`,
          has === undefined
            ? `${target} does not tell ${entry} of ${name}, for which ${from} has ${entryText(entry, wanted)}: look there, then accept this.`
            : `${name} on ${target} has ${entryText(entry, has)}, and ${from} has ${entryText(entry, wanted)}: have it changed there, or accept it.`,
        ),
      ];
    }),
  ];
}

/** The same number may be written in more than one way. */
const alike = (entry: string, one: string, other: string): boolean =>
  sameValue(entry, one, other) || (one !== '' && Number(one) === Number(other));
