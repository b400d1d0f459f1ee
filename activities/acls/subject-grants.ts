import type { AclBinding } from '../../src/kafka/cluster.js';
import { targetName, type Migration } from '../../src/migration/file.js';
import { grouped } from '../../src/migration/grouped.js';
import { grantsOf } from '../../src/provision/grants.js';
import type { SubjectGrant } from '../../src/provision/provisioner.js';
import { readSnapshot } from '../../src/registry/snapshot.js';
import type { Dependencies } from '../kit/dependencies.js';
import { subjectMoves } from '../schemas/schema-subjects.js';

/** A subject that is copied, by its name on the target, and the topics there whose records have its schemas. */
export interface SubjectUse {
  subject: string;
  topics: readonly string[];
}

/**
 * The subjects of a migration that the source's registry has, those that their schemas refer to among them. A subject that is
 * named after no topic may be that of any.
 */
export async function subjectUses(
  { registries }: Pick<Dependencies, 'registries'>,
  migration: Migration,
): Promise<SubjectUse[]> {
  if (!migration.schemas) return [];
  const { subjects, rename } = subjectMoves(migration);
  const { versions } = await readSnapshot(registries(migration.schemas.source), subjects);
  const refersTo = new Map<string, Set<string>>();
  for (const { subject, references, deleted } of versions) {
    if (deleted) continue;
    const others = refersTo.get(subject) ?? new Set();
    refersTo.set(subject, others);
    for (const reference of references) others.add(reference.subject);
  }
  const uses = new Map<string, Set<string>>();
  const every = migration.topics.map(targetName);
  for (const root of subjects) {
    if (!refersTo.has(root)) continue;
    const own = migration.topics.filter(({ name }) => root === `${name}-key` || root === `${name}-value`);
    const topics = own.length > 0 ? own.map(targetName) : every;
    const reached = new Set([root]);
    for (const subject of reached) for (const other of refersTo.get(subject) ?? []) reached.add(other);
    for (const subject of reached) {
      const of = uses.get(rename(subject)) ?? new Set();
      uses.set(rename(subject), of);
      for (const topic of topics) of.add(topic);
    }
  }
  return [...uses].map(([subject, topics]) => ({ subject, topics: [...topics] }));
}

/** Whoever may read a topic reads the subjects of its records, and whoever may write it writes them. */
export function subjectGrants(uses: readonly SubjectUse[], acls: readonly AclBinding[]): SubjectGrant[] {
  const every = [...new Set(uses.flatMap(({ topics }) => topics))].map((topic) => ({
    from: topic,
    to: topic,
  }));
  const { grants } = grantsOf(acls, { topics: every, groups: [] });
  const byTopic = grouped(grants, ({ topic }) => topic);
  return uses.flatMap(({ subject, topics }) => {
    const access = new Map<string, SubjectGrant['access']>();
    for (const grant of topics.flatMap((topic) => byTopic.get(topic) ?? []))
      if (access.get(grant.principal) !== 'write')
        access.set(grant.principal, grant.access === 'read' ? 'read' : 'write');
    return [...access].map(([principal, access]): SubjectGrant => ({ subject, principal, access }));
  });
}
