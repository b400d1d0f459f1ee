import type { Finding } from '../../migration/findings.js';
import { few, named, oneLine } from '../../migration/foreign-text.js';
import type { Right, SubjectGrant } from '../provisioner.js';
import { rightOf, withoutKind } from './entries.js';
import { isServiceUser } from './service-user.js';

/** As the API takes it; beyond, it is a pattern or too long. */
const sayableSubject = /^[^*?]{1,241}$/;

/** Entries for the schema registry of a service. Whoever may write a subject may read it too, so that is said once. */
export function subjectRights(
  cluster: string,
  wanted: readonly SubjectGrant[],
): { rights: Right[]; findings: Finding[] } {
  const writes = new Set(
    wanted
      .filter(({ access }) => access === 'write')
      .map(({ subject, principal }) => pair(subject, principal)),
  );
  const rights = new Map<string, Right>();
  const lost = new Map<string, Set<string>>();
  for (const { subject, principal } of wanted) {
    if (!sayableSubject.test(subject) || !isServiceUser(principal)) {
      lost.set(principal, (lost.get(principal) ?? new Set()).add(subject));
      continue;
    }
    const key = pair(subject, principal);
    rights.set(
      key,
      rightOf({
        kind: 'registry',
        permission: writes.has(key) ? 'schema_registry_write' : 'schema_registry_read',
        resource: `Subject:${subject}`,
        username: withoutKind(principal),
      }),
    );
  }
  return {
    rights: [...rights.values()],
    findings: [
      ...[...lost].map(([principal, subjects]): Finding => ({
        weight: 'asks',
        key: `acl-lost:${principal}:subjects`,
        sentence: oneLine(
          `${cluster} has no ACL of its schema registry for ${named(principal)} on exactly ${few([...subjects], 4)}, since the name stands for more or is none of a service user; accept it, and give the right otherwise.`,
        ),
      })),
      ...(rights.size > 0
        ? [
            {
              weight: 'notes',
              key: `subject-acls:${cluster}`,
              sentence: `What a registry lets whom do with subjects the source does not tell, so on ${cluster} whoever may read a topic may read the subjects of its records, and whoever may write it may write them.`,
            } satisfies Finding,
          ]
        : []),
    ],
  };
}

const pair = (subject: string, principal: string): string => JSON.stringify([subject, principal]);
