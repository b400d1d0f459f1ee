import { mirrorKind, targetGroup, targetName, topicsOf, type Migration } from '../../src/migration/file.js';
import { named } from '../../src/migration/foreign-text.js';
import { stepKind, strategies, type StepId } from '../../src/migration/strategies.js';
import { workloadText } from '../../src/migration/workload.js';
import type { DeclaredAccess } from '../../src/provision/declaring.js';
import type { AclSurvey } from '../acls/acls.js';
import { entryText } from '../topics/config-rules.js';
import type { TopicSurvey } from '../topics/topic-survey.js';
import { count, listed } from '../kit/wording.js';

/**
 * One sentence per thing that the migration will do or ask for, in the order of its strategy.
 *
 * @param acls `undefined`: they could not be read
 * @param copy how much there is to copy, and how long it may take: ends the sentence about it
 */
export function stepsAhead(
  migration: Migration,
  topics: TopicSurvey,
  acls: AclSurvey | undefined,
  copy = '',
): string[] {
  return strategies[migration.strategy].steps.flatMap((step) => ahead(step, migration, topics, acls, copy));
}

function ahead(
  step: StepId,
  migration: Migration,
  topics: TopicSurvey,
  acls: AclSurvey | undefined,
  copy: string,
): string[] {
  const { source, target, waits } = migration;
  switch (step) {
    case 'checkPlan':
    case 'undo':
      return [];
    case 'topicCreated':
      return topics.awaited.map(
        (move) => `Wait until ${targetName(move)} has been created on ${target} by its owners (${step}).`,
      );
    case 'createTopics':
      return creations(migration, topics);
    case 'copyAcls':
      if (!acls)
        return [
          `Create the ACLs that are missing on ${target}: which, is not known, since they could not be read.`,
        ];
      if (acls.declared) return declaredGrants(migration, acls.declared);
      if (acls.hidden) return [`Create no ACL on ${target}, which does not show which it has.`];
      return acls.missing.length > 0
        ? [`Create ${count(acls.missing.length, 'ACL')} on ${target} for ${listed(principals(acls))}.`]
        : [`Create no ACL on ${target}: none is missing.`];
    case 'seedOffsets':
      return migration.consumers.map(
        (move) =>
          `Commit starting offsets for ${named(targetGroup(move))} on ${target}: ${listed(topicsOf(migration, move).map(targetName))}, at the end as it is then.`,
      );
    case 'copySchemas':
      return migration.schemas
        ? [`Copy the schemas from ${migration.schemas.source} to ${migration.schemas.target}.`]
        : [];
    case 'startMirror':
      return [
        `Copy ${sourceTopics(migration)} from ${source} to ${target} record by record${mirrorKind(migration) === 'mirrormaker' ? ' by MirrorMaker' : ''}, and go on while the source grows${copy}.`,
      ];
    case 'mirrorSteady':
      return [`Wait until the mirror has copied the history and keeps up.`];
    case 'catchUp':
      return [`Wait until the mirror has copied ${sourceTopics(migration)} to the end.`];
    case 'parity':
      return [`Compare ${sourceTopics(migration)} on both clusters record by record.`];
    case 'translateOffsets':
      return migration.consumers.map(
        (move) =>
          `Commit the translated offsets of ${named(move.group)} on ${target} for ${named(targetGroup(move))}: ${listed(topicsOf(migration, move).map(targetName))}.`,
      );
    case 'removeMirror':
      return [`Remove the mirror and everything it left on ${source} and ${target}.`];
    case 'drain':
      return [`Wait until ${groups(migration)} consumed ${sourceTopics(migration)} on ${source}.`];
    case 'soak':
      return [`Wait ${waits.soak} before anything is deleted.`];
    case 'deletionApproved':
      return migration.topics.map(
        ({ name }) => `Wait for the approval to delete ${name} on ${source}, by that name (${step}).`,
      );
    case 'deleteSource':
      return [`Delete ${sourceTopics(migration)} on ${source} with their ACLs and offsets, and prove it.`];
    case 'teamApproved':
      return [asked(step, [])];
    case 'producerStopped':
    case 'producerSwitched':
    case 'producerWritesBoth':
    case 'oldProducerCodeRemoved':
      return [
        `${asked(
          step,
          migration.producers.map(({ name }) => name),
        )}`,
      ];
    case 'consumerStopped':
    case 'consumerSwitched':
    case 'consumerReadsBoth':
    case 'oldConsumerCodeRemoved':
      return [
        `${asked(
          step,
          migration.consumers.map(({ group }) => group),
        )}`,
      ];
  }
}

function creations({ target, topics: moves }: Migration, topics: TopicSurvey): string[] {
  const created = topics.toCreate.map(({ name, partitions, replicationFactor, config }) => {
    const entries = Object.entries(config).map(([entry, value]) => entryText(entry, value));
    return `Create ${name} on ${target} with ${count(partitions, 'partition')}, replication factor ${replicationFactor}${entries.length > 0 ? ` and ${entries.join(', ')}` : ''}.`;
  });
  const kept = moves
    .map(targetName)
    .filter((name) => topics.target.has(name) || topics.hidden.has(name))
    .map((name) => `Use ${name} on ${target} as it is.`);
  return [...created, ...kept];
}

/** The step's own title, and who says when it is done. */
function asked(step: StepId, names: readonly string[]): string {
  const { title } = stepKind(step);
  return names.length > 0
    ? `${title}: wait for ${step} from ${listed(names.map(named))}, and check it on the clusters.`
    : `${title}: wait for ${step}, and check it on the clusters.`;
}

function declaredGrants({ target }: Migration, { grants, bindings }: DeclaredAccess): string[] {
  const entries = grants.map(
    ({ topic, access, ...workload }) => `${access} on ${topic} for ${workloadText(workload)}`,
  );
  const principals = [...new Set(bindings.map(({ principal }) => principal))];
  return [
    `Create no ACL on ${target}: ${
      entries.length > 0
        ? `the files grant ${listed(entries)}`
        : principals.length > 0
          ? `the files grant what ${listed(principals)} ${principals.length === 1 ? 'needs' : 'need'}`
          : 'the files grant none'
    }.`,
  ];
}

function groups({ consumers }: Migration): string {
  if (consumers.length === 0) return 'all groups have';
  return `${listed(consumers.map(({ group }) => named(group)))} ${consumers.length === 1 ? 'has' : 'have'}`;
}

function sourceTopics({ topics }: Migration): string {
  return listed(topics.map(({ name }) => name));
}

function principals({ missing }: AclSurvey): string[] {
  return [...new Set(missing.map(({ principal }) => principal))];
}
