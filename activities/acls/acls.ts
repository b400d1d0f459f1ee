import { z } from 'zod';
import type { AclBinding, Cluster } from '../../src/kafka/cluster.js';
import { standing, type Finding } from '../../src/migration/findings.js';
import { mirrorKind, targetName, type Migration } from '../../src/migration/file.js';
import { isMirrored } from '../../src/migration/strategies.js';
import { mapTopic } from '../../src/mirror/map-topic.js';
import { shownAcls } from '../../src/provision/kafka/shown-acls.js';
import type { Right, Provisioner } from '../../src/provision/provisioner.js';
import { packAcls, packedAclsShape, unpackAcls } from '../../src/migration/packed-acls.js';
import type { Activities } from '../../src/migration/work/activities.js';
import type { Work } from '../../src/migration/work/work.js';
import type { DeclaredAccess } from '../../src/provision/declaring.js';
import { aclKey, planAcls } from './acl-plan.js';
import { noAuthorizer, sourceNotShown } from './not-known.js';
import { subjectGrants, type SubjectUse, subjectUses } from './subject-grants.js';
import { eventually, type Attempt } from '../kit/attempt.js';
import type { Dependencies } from '../kit/dependencies.js';
import { provisionerOf } from '../kit/provisioning.js';
import { asking, blocking, noting } from '../kit/weights.js';
import { count } from '../kit/wording.js';

export interface AclSurvey {
  /** What the target needs. */
  wanted: Right[];
  /** What of it is not there. */
  missing: Right[];
  findings: Finding[];
  /** The target does not show which ACLs it has, so none is made there: nobody could tell later whose it is. */
  hidden?: boolean;
  /** All that the source has, where it has an authorizer. */
  held?: readonly AclBinding[];
  /** Who is given what by files that others apply, and none by the ferry. */
  declared?: DeclaredAccess;
}

/**
 * Reads the ACLs of both clusters, one request each, and says what is to be copied.
 *
 * @param provisioner how rights come to the target
 * @param uses reads which subjects are copied
 */
export async function surveyAcls(
  source: Cluster,
  target: Cluster,
  migration: Migration,
  provisioner: Provisioner,
  uses: () => Promise<SubjectUse[]>,
): Promise<AclSurvey> {
  const [held, there] = await Promise.all([shownAcls(source), provisioner.rights()]);
  const checked = async (rights: readonly Right[] = []) =>
    (await provisioner.check?.(topicsOfFerry(migration), principalsOf(rights))) ?? [];
  if (held === 'hidden')
    return {
      wanted: [],
      missing: [],
      findings: [...(await checked()), sourceNotShown(source.name, target.name)],
    };
  if (held === null)
    return {
      wanted: [],
      missing: [],
      findings: [
        ...(await checked()),
        there === null
          ? noting(
              `no-authorizer:${source.name}`,
              `Neither ${source.name} nor ${target.name} has an authorizer: there are no ACLs to copy.`,
            )
          : noAuthorizer(source.name, target.name),
      ],
    };
  const planned = planAcls(migration, held, { source: source.principal, target: target.principal });
  if (there === 'hidden') return { ...hiddenOn(target, source, planned), held };
  const { bindings, findings } = planned;
  if (there === null) {
    const lost = bindings.length > 0;
    return {
      wanted: [],
      missing: [],
      held,
      findings: lost
        ? [
            ...findings,
            asking(
              `no-authorizer:${target.name}`,
              `${target.name} has no authorizer, so the ${count(bindings.length, 'ACL')} of ${source.name} cannot be copied and everybody may read and write the topics there: accept it, or have an authorizer set.`,
            ),
          ]
        : findings,
    };
  }
  const present = new Set(there.map(aclKey));
  const onTopics = provisioner.plan(bindings);
  const onSubjects =
    migration.schemas && provisioner.planSubjects
      ? await provisioner.planSubjects(subjectGrants(await uses(), bindings))
      : undefined;
  const rights = [...onTopics.rights, ...(onSubjects?.rights ?? [])];
  const otherwise = [...onTopics.findings, ...(onSubjects?.findings ?? [])];
  return {
    wanted: rights,
    missing: rights.filter((acl) => !present.has(aclKey(acl))),
    findings: [...findings, ...otherwise, ...(await checked(rights))],
    held,
  };
}

/** What the ferry works on there: the copies, and the map of offsets that its own mirror keeps. */
function topicsOfFerry(migration: Migration): string[] {
  const own = isMirrored(migration.strategy) && mirrorKind(migration) === 'engine';
  return [...migration.topics.map(targetName), ...(own ? [mapTopic(migration.name)] : [])];
}

const principalsOf = (rights: readonly Right[]): string[] => [
  ...new Set(rights.map(({ principal }) => principal)),
];

/** Who may do what on the target is a promise of the migration: somebody else keeps it, and says so. */
function hiddenOn(
  target: Cluster,
  source: Cluster,
  { bindings, findings: unmapped }: ReturnType<typeof planAcls>,
): AclSurvey {
  const concerned = bindings.length > 0 || unmapped.length > 0;
  return {
    wanted: [],
    missing: [],
    hidden: true,
    findings: [
      concerned
        ? asking(
            `acls-not-shown:${target.name}`,
            `${target.name} does not show the ferry its ACLs, so none of those that ${source.name} has for the topics and groups of this migration is copied there: give their applications access on ${target.name} the way that is usual there, then accept this; or grant the ferry DESCRIBE and ALTER on that cluster.`,
          )
        : noting(
            `acls-not-shown:${target.name}`,
            `${target.name} does not show the ferry its ACLs; ${source.name} has none for the topics and groups of this migration, so none is to be copied.`,
          ),
    ],
  };
}

const note = z.object({
  acls: z.array(packedAclsShape).default([]),
  /** Keys, as they were noted before. */
  missing: z.array(z.string()).default([]),
});

/**
 * Creates the bindings that the target lacks. Which ones it lacked is noted before anything is created, so that an
 * attempt after a lost one still knows what is the migration's own.
 */
export async function copyAcls(
  dependencies: Dependencies,
  { migration, accepted = [] }: Work,
  attempt: Attempt,
): Promise<Awaited<ReturnType<Activities['copyAcls']>>> {
  const { clusters } = dependencies;
  const target = clusters(migration.target);
  const provisioner = provisionerOf(dependencies, migration.target);
  const { wanted, missing, findings, hidden } = await surveyAcls(
    clusters(migration.source),
    target,
    migration,
    provisioner,
    () => subjectUses(dependencies, migration),
  );
  const topics = migration.topics.map(targetName);
  const noted = note.safeParse(attempt.noted).data;
  const earlier = unpackAcls(topics, noted?.acls ?? []);
  const own = new Set([...(noted?.missing ?? []), ...earlier.map(aclKey)]);
  const absent = new Set(missing.map(aclKey));
  // What the target does not show any more may be there all the same.
  const made = hidden ? earlier : wanted.filter((acl) => own.has(aclKey(acl)) && !absent.has(aclKey(acl)));
  const stands = standing(findings, accepted);
  if (stands.length > 0)
    return {
      made: packAcls(topics, made),
      created: made.length,
      findings,
      sentence: `No ACL was created on ${target.name}: ${count(stands.length, 'finding')} to be mended or accepted first.`,
    };
  if (hidden)
    return {
      made: packAcls(topics, made),
      created: made.length,
      findings,
      sentence: `No ACL was created on ${target.name}, which does not show which it has.`,
    };
  if (missing.length > 0) {
    const missed = wanted.filter((acl) => own.has(aclKey(acl)) || absent.has(aclKey(acl)));
    await attempt.note({ acls: packAcls(topics, missed), missing: [] } satisfies z.infer<typeof note>);
    attempt.says(`Creates ${count(missing.length, 'ACL')} on ${target.name}.`);
    // DENY first: nobody is allowed for a moment what they are denied.
    const ordered = missing.toSorted((one, other) => other.permission.localeCompare(one.permission));
    const rows = await provisioner.make(ordered);
    const created: Right[] = [];
    rows.forEach(({ error }, index) => {
      const acl = ordered[index];
      if (!acl) return;
      if (!error) created.push(acl);
      else if (error.type === 'Unreachable') throw error;
      else findings.push(blocking(`acl-refused:${aclKey(acl)}`, error.message));
    });
    await eventually(
      async () => {
        // Brokers take them up in their order: all are read once the last is there, and not while it is not.
        const last = created.at(-1);
        if (last && !(await shown(provisioner, last)).has(aclKey(last))) return undefined;
        const there = await shown(provisioner);
        return created.every((acl) => there.has(aclKey(acl))) || undefined;
      },
      `${count(created.length, 'new ACL')} on ${target.name}`,
      attempt.signal,
      migration.topics.length,
    );
    made.push(...created);
  }
  const others = wanted.length - made.length;
  return {
    made: packAcls(topics, made),
    created: made.length,
    findings,
    sentence: `${count(made.length, 'ACL')} created on ${target.name}${others > 0 ? `, ${others} there already` : ''}.`,
  };
}

/** Keys of what the target shows. */
async function shown(provisioner: Provisioner, only?: Right): Promise<Set<string>> {
  const rights = await provisioner.rights(only);
  return new Set(Array.isArray(rights) ? rights.map(aclKey) : []);
}
