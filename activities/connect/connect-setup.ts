import {
  checkpointConnector,
  mirrorNames,
  sourceConnector,
  unmirrorable,
  type MirrorSettings,
} from '../../src/connect/mirror-maker.js';
import type { Connect, ConnectorConfig } from '../../src/connect/rest.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { FerryError } from '../../src/migration/errors.js';
import { targetName } from '../../src/migration/file.js';
import { standing, type Finding } from '../../src/migration/findings.js';
import type { Activities } from '../../src/migration/work/activities.js';
import type { Work } from '../../src/migration/work/work.js';
import { eventually, type Attempt } from '../kit/attempt.js';
import { mirrorOf } from './connect-workers.js';
import type { Dependencies } from '../kit/dependencies.js';
import { plannedTopics, topicIdsOn } from '../topics/planned-topics.js';
import { lastingAt, valueIfThere } from '../kit/rows.js';
import { asking, blocking } from '../kit/weights.js';
import { count, listed } from '../kit/wording.js';

type Needed = Pick<Dependencies, 'clusters' | 'connects'>;

/**
 * Makes MirrorMaker's connectors for the migration, stopped. Everything is checked first, by Connect itself where it
 * can: a finding that stands means that nothing was made.
 */
export async function prepareMirrorMaker(
  dependencies: Needed,
  work: Work,
  attempt: Attempt,
): Promise<Awaited<ReturnType<Activities['prepareMirror']>>> {
  const { migration, accepted = [] } = work;
  const { rest, names } = mirrorOf(dependencies, migration);
  const target = dependencies.clusters(migration.target);
  attempt.says(`Asks Kafka Connect "${rest.name}" whether it takes the connectors.`);
  const checked = await surveyMirrorMaker(dependencies, work);
  const { partitions, findings } = checked;
  const stands = standing(findings, accepted);
  if (stands.length > 0)
    return {
      partitions,
      findings,
      sentence: `No connector was made: ${count(stands.length, 'finding')} to be mended or accepted first.`,
    };

  // Connect keeps the offsets of a connector that was deleted, and MirrorMaker its topics: a mirror of the same name
  // from before would let this one begin where that one ended.
  const isNew = attempt.noted === fresh || (await rest.config(names.source)) === undefined;
  if (isNew) await attempt.note(fresh);
  for (const connector of checked.connectors) await rest.putStopped(connector['name'] ?? '', connector);
  if (isNew) {
    for (const { name = '' } of checked.connectors) await forget(rest, name, attempt);
    await deleteMirrorTopics(target, migration.name);
  }
  return {
    partitions,
    targetIds: await topicIdsOn(target, migration.topics.map(targetName)),
    findings,
    sentence: `Kafka Connect "${rest.name}" has ${listed(checked.connectors.map(({ name = '' }) => name))}, ${checked.exactlyOnce ? 'exactly once' : 'not exactly once'}, and they are stopped.`,
  };
}

const fresh = 'made by this call';

interface MirrorMakerSurvey {
  partitions: Record<string, number>;
  findings: Finding[];
  exactlyOnce: boolean;
  connectors: ConnectorConfig[];
}

/** What stands in the way of a mirror by MirrorMaker, and the connectors that it would have. Changes nothing. */
export async function surveyMirrorMaker(
  dependencies: Needed,
  { migration, topicIds }: Pick<Work, 'migration' | 'topicIds'>,
): Promise<MirrorMakerSurvey> {
  const { rest, clients } = mirrorOf(dependencies, migration);
  const source = dependencies.clusters(migration.source);
  const target = dependencies.clusters(migration.target);
  const topics = await plannedTopics(
    source,
    migration.topics.map(({ name }) => name),
    { topicIds },
  );
  const partitions = Object.fromEntries(topics.map(({ name, partitions }) => [name, partitions.length]));
  const { brokers, clusterId } = await target.identity();
  const checked = await check(
    rest,
    {
      migration,
      connection: clients,
      replicationFactor: Math.min(3, brokers.length),
      partitions: Object.values(partitions).reduce((sum, some) => sum + some, 0),
    },
    { clusterId, target: target.name },
  );
  return { ...checked, partitions, findings: [...unmirrorable(migration), ...checked.findings] };
}

/** What Connect and MirrorMaker say of the configurations before they are used. */
async function check(
  rest: Connect,
  settings: Omit<MirrorSettings, 'exactlyOnce'>,
  at: { clusterId: string; target: string },
): Promise<Omit<MirrorMakerSurvey, 'partitions'>> {
  const findings: Finding[] = [];
  const worker = await rest.worker();
  if (worker.kafka_cluster_id !== at.clusterId)
    findings.push(
      blocking(
        'connect-elsewhere',
        `Kafka Connect "${rest.name}" lives on another cluster than ${at.target}, and what it copies goes to the cluster that it lives on: take a Connect whose own topics are on ${at.target}.`,
      ),
    );
  const required = sourceConnector({ ...settings, exactlyOnce: true });
  const refusals = await rest.validate(required);
  const exactlyOnce = !refusals.delete('exactly.once.support');
  if (!exactlyOnce)
    findings.push(
      asking(
        'mirror-not-exactly-once',
        `The workers of Kafka Connect "${rest.name}" are not set to exactly.once.source.support=enabled: when one is killed, records are copied twice. Set it on every worker, or accept duplicates.`,
      ),
    );
  const uncommitted = settings.migration.consumers.filter(
    ({ isolation }) => isolation === 'read_uncommitted',
  );
  if (exactlyOnce && uncommitted.length > 0)
    findings.push(
      asking(
        'mirror-read-uncommitted',
        `${listed(uncommitted.map(({ group }) => group))} ${uncommitted.length === 1 ? 'reads' : 'read'} uncommitted records: when a worker of Kafka Connect is killed, what MirrorMaker was writing is aborted and written again, and who reads uncommitted records on ${at.target} gets it twice. Set isolation.level=read_committed in those consumers, say so by isolation in the file, or accept duplicates.`,
      ),
    );
  const connectors = [exactlyOnce ? required : sourceConnector({ ...settings, exactlyOnce: false })];
  if (settings.migration.consumers.length > 0) {
    const checkpoint = checkpointConnector(settings);
    for (const [name, errors] of await rest.validate(checkpoint)) refusals.set(name, errors);
    connectors.push(checkpoint);
  }
  if (refusals.size > 0)
    findings.push(
      blocking(
        'connector-refused',
        `Kafka Connect "${rest.name}" does not accept ${listed([...refusals.keys()])} of MirrorMaker's configuration: check sourceClient and targetClient under connect in ferry.yaml, and that the files they refer to are on every worker.`,
      ),
    );
  return { findings, exactlyOnce, connectors };
}

/** Stops the connectors and answers when none of their tasks runs any more. What is not there needs nothing. */
export async function stopMirrorMaker(
  dependencies: Needed,
  { migration }: Work,
  attempt: Attempt,
): Promise<{ sentence: string }> {
  const { rest, names } = mirrorOf(dependencies, migration);
  for (const connector of [names.source, names.checkpoint]) {
    attempt.signal.throwIfAborted();
    if ((await rest.config(connector)) === undefined) continue;
    attempt.says(`Stops the connector ${connector}.`);
    await rest.act(connector, 'stop');
    await stopped(rest, connector, attempt);
  }
  return { sentence: `MirrorMaker has stopped on Kafka Connect "${rest.name}".` };
}

/** Stops the connectors, and removes them with their offsets and MirrorMaker's own topics. What is gone needs nothing. */
export async function removeMirrorMaker(
  dependencies: Needed,
  { migration }: Work,
  attempt: Attempt,
): Promise<{ sentence: string }> {
  const { rest, names } = mirrorOf(dependencies, migration);
  const target = dependencies.clusters(migration.target);
  const removed: string[] = [];
  for (const connector of [names.source, names.checkpoint])
    if ((await rest.config(connector)) !== undefined) removed.push(connector);
  for (const connector of removed) await rest.act(connector, 'stop');
  for (const connector of removed) {
    attempt.signal.throwIfAborted();
    attempt.says(`Stops the connector ${connector} and removes it.`);
    await forget(rest, connector, attempt);
    await rest.delete(connector);
  }
  await eventually(
    async () =>
      (await Promise.all([names.source, names.checkpoint].map((name) => rest.config(name)))).every(
        (config) => config === undefined,
      ) || undefined,
    `The removal of MirrorMaker's connectors from Kafka Connect "${rest.name}"`,
    attempt.signal,
  );
  const topics = await deleteMirrorTopics(target, migration.name);
  return {
    sentence:
      removed.length + topics.length > 0
        ? `Removed ${listed([...removed, ...topics])} with the offsets of the connectors: nothing of MirrorMaker is left.`
        : 'Nothing of MirrorMaker is left: it was removed before.',
  };
}

/** Deletes the offsets of a stopped connector, which Connect takes only once all of its tasks have ended. */
async function forget(rest: Connect, connector: string, attempt: Attempt): Promise<void> {
  await stopped(rest, connector, attempt);
  const offsets = await rest.offsets(connector);
  if (offsets && offsets.length > 0) await rest.deleteOffsets(connector);
}

async function stopped(rest: Connect, connector: string, { signal }: Attempt): Promise<void> {
  await eventually(
    async () => {
      const status = await rest.status(connector);
      return status?.connector.state === 'STOPPED' && status.tasks.length === 0 ? true : undefined;
    },
    `The stop of the connector ${connector} on Kafka Connect "${rest.name}"`,
    signal,
  );
}

/**
 * Deletes what MirrorMaker has made for this migration on the target. The names hold the migration's own alias, so they
 * are nobody else's.
 */
async function deleteMirrorTopics(target: Cluster, migration: string): Promise<string[]> {
  const { offsetSyncs, checkpoints, heartbeats } = mirrorNames(migration);
  const all = [offsetSyncs, checkpoints, heartbeats];
  const rows = await target.topics(all);
  const there = all.flatMap((name) => {
    const facts = valueIfThere(rows, name);
    return facts ? [{ name, topicId: facts.topicId }] : [];
  });
  if (there.length === 0) return [];
  const deleted = await target.deleteTopics(there);
  for (const { name } of there) {
    const { error } = lastingAt(deleted, name);
    if (error && error.type !== 'NotFound')
      throw new FerryError(error.type, `${name} on ${target.name} could not be deleted: ${error.message}`);
  }
  return there.map(({ name }) => name);
}
