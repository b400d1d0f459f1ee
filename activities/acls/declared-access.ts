import type { AclBinding, Cluster } from '../../src/kafka/cluster.js';
import { standing, type Finding } from '../../src/migration/findings.js';
import { targetName, type Migration } from '../../src/migration/file.js';
import { under } from '../../src/migration/by-name.js';
import { workloadText } from '../../src/migration/workload.js';
import { shownAcls } from '../../src/provision/kafka/shown-acls.js';
import type { DeclaredAccess, Declaring } from '../../src/provision/declaring.js';
import { aclKey, notMapped, planAcls } from './acl-plan.js';
import type { AclSurvey } from './acls.js';
import { noAuthorizer, sourceNotShown } from './not-known.js';
import { ferryLoginFinding } from './ferry-login.js';
import type { Activities } from '../../src/migration/work/activities.js';
import type { Work } from '../../src/migration/work/work.js';
import type { Dependencies } from '../kit/dependencies.js';
import { lossFinding, undeclarable } from '../kit/losses.js';
import { asking, noting } from '../kit/weights.js';
import { count, listed } from '../kit/wording.js';

/**
 * Who is to be given what by the files that the topics are made from, and whether it can be seen to hold.
 *
 * @param ahead the files need not be applied yet, so that nobody is asked for what they cannot know
 */
export async function surveyDeclaredAccess(
  source: Cluster,
  target: Cluster,
  migration: Migration,
  declaring: Declaring,
  ahead = false,
): Promise<AclSurvey> {
  const held = await shownAcls(source);
  if (held === 'hidden')
    return { wanted: [], missing: [], findings: [sourceNotShown(source.name, target.name)] };
  if (held === null) return { wanted: [], missing: [], findings: [noAuthorizer(source.name, target.name)] };
  const planned = planAcls(migration, held, { source: source.principal, target: target.principal });
  const own = source.principal !== undefined && !under(migration.principals, source.principal);
  const access = declaring.access({
    held,
    bindings: planned.bindings,
    topics: migration.topics.map((move) => ({ from: move.name, to: targetName(move) })),
    groups: migration.consumers.map(({ group }) => group),
    principals: migration.principals,
    without: new Set([
      ...migration.leaveBehind.principals,
      ...(own && source.principal !== undefined ? [source.principal] : []),
    ]),
  });
  const findings = [
    ...(declaring.by === 'nais' ? asApplications(source, access, held, migration) : planned.findings),
    ...access.mistakes.map(undeclarable),
    ...access.losses.map(lossFinding),
  ];
  const seen = await seenOn(target, access, declaring, ahead);
  return {
    wanted: [...access.bindings],
    missing: seen.missing,
    findings: [...findings, ...seen.findings],
    held,
    declared: { ...access, ...(seen.kept && { kept: seen.kept }) },
  };
}

/** Rights of those who are applications on the target, and of those who are nobody there. */
function asApplications(
  source: Cluster,
  { unmapped }: DeclaredAccess,
  held: readonly AclBinding[],
  migration: Migration,
): Finding[] {
  const { principal } = source;
  const own = held.filter((acl) => acl.principal === principal && acl.resourceType === 'topic').length;
  return [
    ...unmapped.map((one) => notMapped(one.principal, one.acls, migration)),
    ...(principal !== undefined && own > 0 && !under(migration.principals, principal)
      ? [ferryLoginFinding(principal, own, migration)]
      : []),
  ];
}

/** Where the target shows ACLs, those that are declared are looked for; anywhere else a person answers for them. */
async function seenOn(
  target: Cluster,
  { grants, bindings }: DeclaredAccess,
  { by }: Declaring,
  ahead: boolean,
): Promise<{ missing: AclBinding[]; findings: Finding[]; kept?: AclBinding[] }> {
  const notShown = (who: readonly string[]) => ({
    missing: [],
    findings: [grantsNotShown(target, who, by, ahead)],
  });
  if (grants.length > 0) return notShown(grants.map((grant) => `${workloadText(grant)} as ${grant.user}`));
  if (bindings.length === 0) return { missing: [], findings: [] };
  // Those of a provider's own kind are never shown as Kafka's.
  const there = by === 'strimzi' ? await shownAcls(target) : 'hidden';
  if (there === 'hidden') return notShown(bindings.map(({ principal }) => principal));
  const present = new Set(there?.map(aclKey));
  const missing = bindings.filter((acl) => !present.has(aclKey(acl)));
  // A KafkaUser holds all that its user may do, and the operator takes away whatever it does not say.
  const declared = new Set(bindings.map(aclKey));
  const who = new Set(bindings.map(({ principal }) => principal));
  const kept = (there ?? []).filter((acl) => who.has(acl.principal) && !declared.has(aclKey(acl)));
  return { missing, kept, findings: kept.length > 0 ? [keptOn(target, kept)] : [] };
}

function keptOn(target: Cluster, kept: readonly AclBinding[]): Finding {
  const who = listed([...new Set(kept.map(({ principal }) => principal))]);
  return noting(
    `grants-kept:${target.name}`,
    `${who} ${kept.length === 1 ? 'has another ACL' : `have ${kept.length} other ACLs`} on ${target.name}: the files keep them, since what a user may do stands in one file, and whatever that does not say is taken away.`,
  );
}

function grantsNotShown(
  target: Cluster,
  who: readonly string[],
  by: Declaring['by'],
  ahead: boolean,
): Finding {
  const look = {
    nais: 'that each Topic has the status synchronizationState: RolloutComplete, or that Aiven lists ACLs for these users',
    'terraform-aiven': 'that Terraform has applied them',
    strimzi:
      'that each KafkaUser is ready, and still has the ACLs that it had before, since all of them stand in one file',
  }[by];
  const says = `${target.name} does not show the ferry who may read and write there (it is to be ${listed([...new Set(who)])})`;
  return ahead
    ? noting(`grants-not-shown:${target.name}`, `${says}: copyAcls asks a person, once the topics are there.`)
    : asking(`grants-not-shown:${target.name}`, `${says}: see ${look}, then accept this.`);
}

/**
 * In place of making ACLs: says what is known of those that others make. None is the migration's own, so that nothing is
 * taken back by an abort.
 */
export async function declaredGrants(
  { clusters }: Pick<Dependencies, 'clusters'>,
  { migration, accepted = [] }: Work,
  declaring: Declaring,
): Promise<Awaited<ReturnType<Activities['copyAcls']>>> {
  const target = clusters(migration.target);
  const survey = await surveyDeclaredAccess(clusters(migration.source), target, migration, declaring);
  const findings = [...survey.findings, ...grantsAwaited(target, survey.missing)];
  const stands = standing(findings, accepted).length;
  const grants = (survey.declared?.grants.length ?? 0) + survey.wanted.length;
  return {
    made: [],
    created: 0,
    findings,
    sentence:
      stands > 0
        ? `No grant on ${target.name} is taken for given: ${count(stands, 'finding')} to be mended or accepted first.`
        : `${count(grants, 'grant')} on ${target.name} by the files of its owners, and none by the ferry.`,
  };
}

/** What is missing of what the files grant, once they are to be there. */
function grantsAwaited(target: Cluster, missing: AclSurvey['missing']): Finding[] {
  if (missing.length === 0) return [];
  const who = listed([...new Set(missing.map(({ principal }) => principal))]);
  return [
    asking(
      `grants-awaited:${target.name}`,
      `${count(missing.length, 'ACL')} of the files ${missing.length === 1 ? 'is' : 'are'} not on ${target.name} (for ${who}): apply the files, then retry; accepted, these principals go without.`,
    ),
  ];
}
