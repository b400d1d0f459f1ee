import { z } from 'zod';
import type { AclBinding, Cluster } from '../../src/kafka/cluster.js';
import { standing, type Finding } from '../../src/migration/findings.js';
import type { Migration } from '../../src/migration/file.js';
import type { Activities } from '../../src/migration/work/activities.js';
import type { Work } from '../../src/migration/work/work.js';
import { aclKey, planAcls } from './acl-plan.js';
import { eventually, type Attempt } from '../kit/attempt.js';
import type { Dependencies } from '../kit/dependencies.js';
import { asking, blocking, noting } from '../kit/weights.js';
import { count } from '../kit/wording.js';

export interface AclSurvey {
  /** What the target needs. */
  wanted: AclBinding[];
  /** What of it is not there. */
  missing: AclBinding[];
  findings: Finding[];
  /** All that the source has, where it has an authorizer. */
  held?: readonly AclBinding[];
}

/** Reads the ACLs of both clusters, one request each, and says what is to be copied. */
export async function surveyAcls(source: Cluster, target: Cluster, migration: Migration): Promise<AclSurvey> {
  const [held, there] = await Promise.all([source.acls(), target.acls()]);
  if (held === null)
    return {
      wanted: [],
      missing: [],
      findings: [
        there === null
          ? noting(
              `no-authorizer:${source.name}`,
              `Neither ${source.name} nor ${target.name} has an authorizer: there are no ACLs to copy.`,
            )
          : asking(
              `no-authorizer:${source.name}`,
              `${source.name} has no authorizer, so there are no ACLs to copy, and ${target.name} denies what no ACL allows: grant the applications access there yourselves, then accept this.`,
            ),
      ],
    };
  const { bindings, findings } = planAcls(migration, held, {
    source: source.principal,
    target: target.principal,
  });
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
  return { wanted: bindings, missing: bindings.filter((acl) => !present.has(aclKey(acl))), findings, held };
}

const note = z.object({ missing: z.array(z.string()) });

/**
 * Creates the bindings that the target lacks. Which ones it lacked is noted before anything is created, so that an
 * attempt after a lost one still knows what is the migration's own.
 */
export async function copyAcls(
  { clusters }: Dependencies,
  { migration, accepted = [] }: Work,
  attempt: Attempt,
): Promise<Awaited<ReturnType<Activities['copyAcls']>>> {
  const target = clusters(migration.target);
  const { wanted, missing, findings } = await surveyAcls(clusters(migration.source), target, migration);
  const own = new Set(note.safeParse(attempt.noted).data?.missing);
  const absent = new Set(missing.map(aclKey));
  const made = wanted.filter((acl) => own.has(aclKey(acl)) && !absent.has(aclKey(acl)));
  const stands = standing(findings, accepted);
  if (stands.length > 0)
    return {
      made,
      findings,
      sentence: `No ACL was created on ${target.name}: ${count(stands.length, 'finding')} to be mended or accepted first.`,
    };
  if (missing.length > 0) {
    await attempt.note({ missing: [...own, ...absent] } satisfies z.infer<typeof note>);
    attempt.says(`Creates ${count(missing.length, 'ACL')} on ${target.name}.`);
    // DENY first: nobody is allowed for a moment what they are denied.
    const ordered = missing.toSorted((one, other) => other.permission.localeCompare(one.permission));
    const rows = await target.createAcls(ordered);
    const created: AclBinding[] = [];
    rows.forEach(({ error }, index) => {
      const acl = ordered[index];
      if (!acl) return;
      if (!error) created.push(acl);
      else if (error.type === 'Unreachable') throw error;
      else findings.push(blocking(`acl-refused:${aclKey(acl)}`, error.message));
    });
    await eventually(
      async () => {
        const there = new Set((await target.acls())?.map(aclKey));
        return created.every((acl) => there.has(aclKey(acl))) || undefined;
      },
      `${count(created.length, 'new ACL')} on ${target.name}`,
      attempt.signal,
    );
    made.push(...created);
  }
  const others = wanted.length - made.length;
  return {
    made,
    findings,
    sentence: `${count(made.length, 'ACL')} created on ${target.name}${others > 0 ? `, ${others} there already` : ''}.`,
  };
}
