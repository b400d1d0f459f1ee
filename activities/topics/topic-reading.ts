import type { Cluster, ConfigEntry, TopicFacts } from '../../src/kafka/cluster.js';
import type { FerryError } from '../../src/migration/errors.js';
import type { Finding } from '../../src/migration/findings.js';
import { lastingAt } from '../kit/rows.js';
import { blocking } from '../kit/weights.js';

/** A topic as one cluster has it. */
export interface TopicState {
  facts: TopicFacts;
  config: readonly ConfigEntry[];
}

export interface ReadTopics {
  topics: Map<string, TopicState>;
  /** Topics that are there and whose configuration the ferry may not see; each has a finding too. */
  hidden: Map<string, TopicFacts>;
  findings: Finding[];
}

/** Reads many topics with two calls. A topic that is not there is absent; one that cannot be read is a finding. */
export async function readTopics(cluster: Cluster, names: readonly string[]): Promise<ReadTopics> {
  const findings: Finding[] = [];
  const unreadable = (name: string, error: FerryError) => {
    if (error.type !== 'NotFound')
      findings.push(blocking(`unreadable:${cluster.name}/${name}`, error.message));
  };
  const facts = new Map<string, TopicFacts>();
  const described = await cluster.topics(names);
  for (const name of names) {
    const row = lastingAt(described, name);
    if (row.error) unreadable(name, row.error);
    else facts.set(name, row.value);
  }
  const topics = new Map<string, TopicState>();
  const hidden = new Map<string, TopicFacts>();
  if (facts.size === 0) return { topics, hidden, findings };
  const configs = await cluster.topicConfigs([...facts.keys()]);
  for (const [name, found] of facts) {
    const row = lastingAt(configs, name);
    if (row.error) unreadable(name, row.error);
    else topics.set(name, { facts: found, config: row.value });
    if (row.error?.type === 'Unauthorized') hidden.set(name, found);
  }
  return { topics, hidden, findings };
}

/** What else could not be read: a hidden configuration is compared as far as it goes, and asked about. */
export function readFindings(cluster: string, { findings, hidden }: ReadTopics): Finding[] {
  const asked = new Set([...hidden.keys()].map((name) => `unreadable:${cluster}/${name}`));
  return findings.filter(({ key }) => !asked.has(key));
}

export function replicationFactor({ partitions }: TopicFacts): number {
  return Math.max(...partitions.map(({ replicas }) => replicas.length));
}
