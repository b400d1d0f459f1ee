import type { ConfigEntry, NewTopic } from '../../src/kafka/cluster.js';
import type { Finding } from '../../src/migration/findings.js';
import { targetName, type TopicMove } from '../../src/migration/file.js';
import { applies, configRules, defaultDiffers } from './config-rules.js';
import { brokerDefault, effective, tieringLeftOut, wantedConfig } from './topic-config.js';
import { replicationFactor, type TopicState } from './topic-reading.js';
import { asking, blocking, noting } from '../kit/weights.js';
import { count, listed } from '../kit/wording.js';

/** What new topics have to fit in. */
export interface TargetLimits {
  name: string;
  brokers: number;
  /** A broker's configuration; empty when it may not be read. */
  defaults: readonly ConfigEntry[];
}

/** The topic that the ferry would create, and what is to be said about it. */
export function planTopic(
  move: TopicMove,
  source: TopicState,
  target: TargetLimits,
): { topic: NewTopic; findings: Finding[] } {
  const replication = planReplication(move, source, target);
  const topic: NewTopic = {
    name: targetName(move),
    partitions: move.partitions ?? source.facts.partitions.length,
    replicationFactor: replication.factor,
    config: wantedConfig(move, source.config, target.defaults),
  };
  return {
    topic,
    findings: [
      ...replication.findings,
      ...tieringFindings(move, source, topic, target),
      ...inSyncFindings(move, topic, target),
      ...defaultFindings(source, topic, target),
    ],
  };
}

function planReplication(
  move: TopicMove,
  source: TopicState,
  target: TargetLimits,
): { factor: number; findings: Finding[] } {
  const key = `replication:${targetName(move)}`;
  const brokers = `${target.name} has ${count(target.brokers, 'broker')}`;
  if (move.replicationFactor !== undefined)
    return {
      factor: move.replicationFactor,
      findings:
        move.replicationFactor > target.brokers
          ? [
              blocking(
                key,
                `${targetName(move)} is to have replication factor ${move.replicationFactor}, and ${brokers}: ask for ${target.brokers} at most, or add brokers.`,
              ),
            ]
          : [],
    };
  const factor = replicationFactor(source.facts);
  if (factor > target.brokers)
    return {
      factor: target.brokers,
      findings: [
        asking(
          key,
          `${move.name} has replication factor ${factor} on the source, and ${brokers}, so ${targetName(move)} would get ${target.brokers}: accept it, or say a replicationFactor in the file.`,
        ),
      ],
    };
  return {
    factor,
    findings:
      factor === 1 && target.brokers > 1
        ? [
            noting(
              key,
              `${targetName(move)} gets replication factor 1 as on the source, although ${brokers}: say a replicationFactor in the file for more.`,
            ),
          ]
        : [],
  };
}

/** A topic whose history lies in remote storage comes to lie on the disks of the brokers. */
function tieringFindings(
  move: TopicMove,
  source: TopicState,
  topic: NewTopic,
  target: TargetLimits,
): Finding[] {
  const entries = tieringLeftOut(move, source.config, target.defaults);
  if (entries.length === 0) return [];
  return [
    noting(
      `tiering-left-out:${topic.name}`,
      `${move.name} has ${listed(entries)} set on the source, and ${target.name} has no remote storage (remote.log.storage.system.enable=false): left out, so that all of ${topic.name} lies on the disks of ${target.name}.`,
    ),
  ];
}

function inSyncFindings(move: TopicMove, topic: NewTopic, target: TargetLimits): Finding[] {
  const set = topic.config['min.insync.replicas'];
  const value = Number(set ?? brokerDefault(target.defaults, 'min.insync.replicas') ?? 1);
  const origin =
    move.config['min.insync.replicas'] !== undefined
      ? 'the file'
      : set !== undefined
        ? 'the source'
        : target.name;
  if (value > topic.replicationFactor)
    return [
      blocking(
        `unwritable:${topic.name}`,
        `${topic.name} would have min.insync.replicas=${value} (from ${origin}) with replication factor ${topic.replicationFactor}, so no producer with acks=all could write: set min.insync.replicas under config in the file, or a higher replicationFactor.`,
      ),
    ];
  if (value === topic.replicationFactor && value > 1)
    return [
      noting(
        `no-spare-replica:${topic.name}`,
        `${topic.name} has min.insync.replicas equal to its replication factor ${value}: producers with acks=all wait whenever one broker restarts.`,
      ),
    ];
  return [];
}

/** A value that only the source's brokers gave is not copied, so the target's own default may give less. */
function defaultFindings(source: TopicState, topic: NewTopic, target: TargetLimits): Finding[] {
  const policy = topic.config['cleanup.policy'] ?? effective(source.config, 'cleanup.policy');
  return configRules.flatMap((rule) => {
    const wanted = effective(source.config, rule.name);
    const gets = brokerDefault(target.defaults, rule.name);
    if (topic.config[rule.name] !== undefined || wanted === undefined || gets === undefined) return [];
    if (!applies(rule, policy) || !rule.worse(wanted, gets)) return [];
    return [defaultDiffers(topic.name, rule, wanted, gets, target.name)];
  });
}
