import type { AclBinding, Cluster, ClusterIdentity } from '../../src/kafka/cluster.js';
import { partitionKey } from '../../src/kafka/cluster.js';
import { tooLargeToCarry } from '../../src/migration/carried-size.js';
import { isFerryError } from '../../src/migration/errors.js';
import type { Finding } from '../../src/migration/findings.js';
import { mirrorKind, targetGroup, targetName, type Migration } from '../../src/migration/file.js';
import { tooManyShares } from '../../src/migration/share-size.js';
import { bytesOf } from '../../src/migration/size.js';
import { isMirrored } from '../../src/migration/strategies.js';
import type { PlanReport } from '../../src/migration/work/plan.js';
import type { Work } from '../../src/migration/work/work.js';
import { aclsByTopic } from '../acls/acl-text.js';
import type { DeclaredAccess, DeclaredTopic, Declaring } from '../../src/provision/declaring.js';
import { surveyAcls, type AclSurvey } from '../acls/acls.js';
import { subjectUses } from '../acls/subject-grants.js';
import { surveyDeclaredAccess } from '../acls/declared-access.js';
import { conflicts } from './conflicts.js';
import { surveyMirrorMaker } from '../connect/connect-setup.js';
import { heldByOthers } from '../holds/held-by-others.js';
import type { Dependencies, Holds } from '../kit/dependencies.js';
import { provisionerOf } from '../kit/provisioning.js';
import { historyOf } from '../mirror/history.js';
import { readEnds, recordsThere } from '../offsets/offset-reading.js';
import { partitionsIn } from '../topics/planned-topics.js';
import { rowAt } from '../kit/rows.js';
import { checkSchemas } from '../schemas/schemas.js';
import { readCommitted } from '../groups/group-reading.js';
import { surveySourceGroups, type SourceGroups } from '../groups/source-groups.js';
import { offsetsRetention } from './offsets-retention.js';
import { otherStrategy } from './other-strategy.js';
import { sayCopy } from './sizes.js';
import { stepsAhead } from './steps-ahead.js';
import { surveyTargetGroups } from '../groups/target-groups.js';
import { surveySource, surveyTopics, topicIdsOf, type TopicSurvey } from '../topics/topic-survey.js';
import { asking, blocking, noting } from '../kit/weights.js';

/**
 * Checks a migration against both clusters and says what it will do. Changes nothing, and finds everything in one go:
 * what one check cannot answer is a finding, and the others go on.
 *
 * @param own the workflow id of the migration, so that it is not in its own way.
 * @param begins told of each thing that is read, for whoever waits
 */
export async function checkPlan(
  dependencies: Omit<Dependencies, 'holds'> & { holds: Pick<Holds, 'held'> },
  work: Pick<Work, 'migration' | 'topicIds' | 'accepted'>,
  own: string,
  begins?: Looking['begins'],
): Promise<PlanReport & { declared?: Declared }> {
  const { otherMigrations } = dependencies;
  const { migration } = work;
  const declaring = dependencies.declares?.(migration.target);
  const findings: Finding[] = [];
  const looking: Looking = { findings, begins };
  if (migration.strategy === 'doubleProducer' && migration.messages.idempotent === undefined)
    findings.push(
      asking(
        'not-declared-idempotent',
        'With doubleProducer some messages are processed twice, and the file does not say that this is harmless: say messages.idempotent: true, or choose another strategy.',
      ),
    );
  findings.push(...conflicts(migration, own, await otherMigrations()));

  const [source, target] = await Promise.all([
    reach(dependencies, migration.source, looking),
    reach(dependencies, migration.target, looking),
  ]);
  if (source && target && source.identity.clusterId === target.identity.clusterId)
    findings.push(
      blocking(
        'same-cluster',
        `${migration.source} and ${migration.target} are the same cluster (id ${source.identity.clusterId}): correct their addresses in ferry.yaml.`,
      ),
    );

  for (const [side, reached] of [
    ['source', source],
    ['target', target],
  ] as const)
    if (reached)
      findings.push(...(await heldByOthers(dependencies.holds, migration, own, side, reached.identity)));

  const topics = await attempted(looking, 'topics-unread', () =>
    topicsOnBothSides(source?.cluster, target?.cluster, work, declaring),
  );
  findings.push(...(topics?.findings ?? []));
  const acls =
    source && target
      ? await attempted(looking, 'acls-unread', () =>
          declaring
            ? surveyDeclaredAccess(source.cluster, target.cluster, migration, declaring, true)
            : surveyAcls(
                source.cluster,
                target.cluster,
                migration,
                provisionerOf(dependencies, migration.target),
                () => subjectUses(dependencies, migration),
              ),
        )
      : undefined;
  findings.push(...(acls?.findings ?? []));
  const groups = source && topics && (await checkSource(source.cluster, migration, topics, looking));
  const lines = acls?.held && aclsOf(migration, acls.held);
  findings.push(
    ...sizeOf(migration, topics, [
      ...(lines ? [bytesOf(lines)] : []),
      ...(groups ? [bytesOf(groups.elsewhere), isMirrored(migration.strategy) ? groups.metadata : 0] : []),
    ]),
  );
  if (source && topics && topics.source.size > 0) {
    const ended = begins?.(`reads what decides between strategies on ${migration.source}`);
    findings.push(...(await otherStrategy(source.cluster, migration, topics.source)));
    ended?.();
  }
  const offsetsKeptMs =
    target && topics ? await checkTarget(target.cluster, migration, topics, looking) : undefined;
  if (source && target && isMirrored(migration.strategy)) {
    const history = await attempted(looking, 'history-unread', () => historyOf(dependencies, work));
    findings.push(...(history ?? []));
    if (mirrorKind(migration) === 'mirrormaker') {
      const mirror = await attempted(looking, 'mirror-unread', () => surveyMirrorMaker(dependencies, work));
      findings.push(...(mirror?.findings ?? []));
    }
  }
  const copy =
    source && topics && isMirrored(migration.strategy)
      ? await sayCopy(
          source.cluster,
          migration,
          partitionsIn([...topics.source.values()].map(({ facts }) => facts)),
        )
      : undefined;
  const schemas = await attempted(looking, 'schemas-unread', () => checkSchemas(dependencies, work));
  findings.push(...(schemas ?? []));
  const declared = declaring && declaredBy(declaring, topics, acls);
  findings.push(...(declared?.beside ?? []));
  return {
    findings,
    will: stepsAhead(migration, topics ?? nothingRead, acls, copy),
    ...(declaring && { byPeople: true }),
    ...(declared && { declared }),
    topicIds: topicIdsOf(migration, topics?.source ?? new Map()),
    ...(lines && { acls: lines }),
    ...(source && { elsewhere: groups?.elsewhere ?? [] }),
    ...(offsetsKeptMs !== undefined && { offsetsKeptMs }),
  };
}

/** What others make the topics from, where both sides could be read. */
export interface Declared {
  topics: readonly DeclaredTopic[];
  access: DeclaredAccess;
  /** What the owners of applications have to do beside. */
  beside: Finding[];
}

function declaredBy(
  declaring: Declaring,
  topics: TopicSurvey | undefined,
  acls: AclSurvey | undefined,
): Declared | undefined {
  const access = acls?.declared;
  if (!topics?.declared || !access) return undefined;
  return {
    topics: topics.declared,
    access,
    beside: declaring
      .beside(access)
      .map((sentence, index) => noting(`applications-${declaring.by}:${index + 1}`, sentence)),
  };
}

/** Of topics that could not be read nothing is known, which is a finding of its own. */
function sizeOf(
  migration: Migration,
  topics: TopicSurvey = nothingRead,
  beside: readonly number[],
): Finding[] {
  const partitions = new Map([...topics.source].map(([name, { facts }]) => [name, facts.partitions.length]));
  const sum = beside.reduce((all, bytes) => all + bytes, 0);
  return [
    ...tooLargeToCarry(migration, partitions, sum),
    ...(isMirrored(migration.strategy) ? tooManyShares(migration, Object.fromEntries(partitions)) : []),
  ];
}

/** What the deletion takes with the topics. */
function aclsOf({ topics }: Migration, held: readonly AclBinding[]): PlanReport['acls'] {
  const names = new Set(topics.map(({ name }) => name));
  return aclsByTopic(
    held.filter(
      ({ resourceType, patternType, resourceName }) =>
        resourceType === 'topic' && patternType === 'literal' && names.has(resourceName),
    ),
  );
}

const nothingRead: TopicSurvey = {
  source: new Map(),
  target: new Map(),
  hidden: new Map(),
  toCreate: [],
  awaited: [],
  findings: [],
};

interface Looking {
  findings: Finding[];
  /** Told what is read; answers what to call when it has been. */
  begins?: ((what: string) => () => void) | undefined;
}

interface Reached {
  cluster: Cluster;
  identity: ClusterIdentity;
}

async function reach(
  dependencies: Pick<Dependencies, 'clusters' | 'provisioners'>,
  name: string,
  looking: Looking,
): Promise<Reached | undefined> {
  return attempted(looking, `cluster:${name}`, async () => {
    const cluster = dependencies.clusters(name);
    try {
      return { cluster, identity: await cluster.identity() };
    } catch (error) {
      looking.findings.push(...(await stateOf(dependencies, name, looking)));
      throw error;
    }
  });
}

/** A service that is powered off has no brokers that could say so. */
async function stateOf(
  dependencies: Pick<Dependencies, 'clusters' | 'provisioners'>,
  name: string,
  looking: Looking,
): Promise<Finding[]> {
  const provisioner = provisionerOf(dependencies, name);
  if (!provisioner.state) return [];
  return (await attempted(looking, `service-unread:${name}`, async () => provisioner.state?.())) ?? [];
}

/** What fails as a whole is a finding, so that one run tells of everything. */
async function attempted<T>(
  { findings, begins }: Looking,
  key: string,
  check: () => Promise<T>,
): Promise<T | undefined> {
  const ended = begins?.(whatOf(key));
  try {
    return await check();
  } catch (error) {
    if (!isFerryError(error)) throw error;
    findings.push({ ...blocking(key, error.message), type: error.type });
    return undefined;
  } finally {
    ended?.();
  }
}

/** `groups-unread:source`: reads the groups of source. */
function whatOf(key: string): string {
  const [what = '', of] = key.split(':', 2);
  if (what === 'cluster') return `asks ${of} who it is`;
  const read = what === 'broker-unread' ? 'configuration of brokers' : what.replace(/-unread$/, '');
  return `reads the ${read.replace('acls', 'ACLs')} of ${of ?? 'both clusters'}`;
}

async function topicsOnBothSides(
  source: Cluster | undefined,
  target: Cluster | undefined,
  work: Pick<Work, 'migration' | 'topicIds'>,
  declaring?: Declaring,
): Promise<TopicSurvey> {
  if (source && target) return surveyTopics(source, target, work, declaring);
  if (!source) return nothingRead;
  const { topics, findings } = await surveySource(source, work);
  return { ...nothingRead, source: topics, findings };
}

async function checkSource(
  source: Cluster,
  migration: Migration,
  topics: TopicSurvey,
  looking: Looking,
): Promise<SourceGroups | undefined> {
  const partitions = partitionsIn([...topics.source.values()].map(({ facts }) => facts));
  const groups = await attempted(looking, `groups-unread:${source.name}`, () =>
    surveySourceGroups(source, migration, partitions),
  );
  looking.findings.push(...(groups?.findings ?? []));
  const readable = await attempted(looking, `records-unread:${source.name}`, () =>
    checkReadable(source, topics),
  );
  looking.findings.push(...(readable ?? []));
  return groups;
}

/** The drain will read records. A Fetch at the end of the log moves none, and is refused like any other. */
async function checkReadable(source: Cluster, { source: topics }: TopicSurvey): Promise<Finding[]> {
  const first = [...topics.keys()].map((topic) => ({ topic, partition: 0 }));
  if (first.length === 0) return [];
  const marks = await source.watermarks(first);
  const positions = first.flatMap((partition) => {
    const { value } = rowAt(marks, partitionKey(partition));
    return value ? [{ ...partition, offset: value.highWatermark }] : [];
  });
  const fetched = await source.fetch(positions, { isolation: 'uncommitted', maxBytes: 1, maxWaitMs: 0 });
  return first.flatMap((partition) => {
    const key = partitionKey(partition);
    const { error } = rowAt(marks, key).error ? rowAt(marks, key) : rowAt(fetched, key);
    // Whether it may be read is all that is asked: a leader that is moving, or an end that has moved on, is no answer.
    return error?.type === 'Unauthorized'
      ? [blocking(`records-unread:${source.name}/${partition.topic}`, error.message)]
      : [];
  });
}

/** @returns for how long the target keeps the offsets of a group without members, ms, where it shows that */
async function checkTarget(
  target: Cluster,
  migration: Migration,
  topics: TopicSurvey,
  looking: Looking,
): Promise<number | undefined> {
  const groups = await attempted(looking, `groups-unread:${target.name}`, () =>
    surveyTargetGroups(target, migration),
  );
  looking.findings.push(...(groups ?? []));
  // A mirror has its own question about them.
  const there = isMirrored(migration.strategy)
    ? []
    : migration.topics.map(targetName).filter((name) => topics.target.has(name) || topics.hidden.has(name));
  const records = await attempted(looking, `records-unread:${target.name}`, async () => {
    const facts = there.flatMap((name) => topics.target.get(name)?.facts ?? topics.hidden.get(name) ?? []);
    const partitions = partitionsIn(facts);
    const commits = await readCommitted(target, migration.consumers.map(targetGroup), partitions);
    const known = migration.consumers.flatMap((move) => {
      // A group that may not be read has a finding of its own.
      const offsets = rowAt(commits, targetGroup(move)).value;
      return offsets ? [[targetGroup(move), offsets] as const] : [];
    });
    return recordsThere(await readEnds(target, partitions), target.name, new Map(known));
  });
  looking.findings.push(...(records ?? []));
  const retention = await attempted(looking, `broker-unread:${target.name}`, () =>
    offsetsRetention(target, migration),
  );
  looking.findings.push(...(retention?.findings ?? []));
  return retention?.ms;
}
