import type { Finding } from '../../src/migration/findings.js';
import type { Registry } from '../../src/registry/registry.js';
import { inParallel } from '../../src/parallel/in-parallel.js';
import { versionKey, versionText, type Schema, type SchemaVersion } from '../../src/registry/schema.js';
import { ownSubjects } from './schema-subjects.js';
import { blocking } from '../kit/weights.js';

/** One registration at a registry that counts: it must answer exactly this id. */
export type Slot =
  | { readonly kind: 'version'; readonly id: number; readonly version: SchemaVersion }
  /** Uses up an id that nothing of the copy has; in a subject it also uses up a version number, and is deleted for good. */
  | {
      readonly kind: 'placeholder';
      readonly id: number;
      readonly subject: string;
      readonly type: string;
      /** What the source has under that id: nothing else may come to stand there. A placeholder: the source has nothing. */
      readonly holds?: Schema;
    };

/** Each placeholder is a request and stays in the registry: more of them than this are no copy any more. */
export const mostPlaceholders = 1_000;

/**
 * How versions come to have their ids at an empty registry that gives 1, 2, 3, ...: registered in the order of ids, with
 * a placeholder for each id that is missing. Pure.
 *
 * @param order as `registrationOrder` has it.
 * @param maxId the source's highest id, up to which ids are used up.
 */
export function countingSlots(
  order: readonly SchemaVersion[],
  maxId: number,
  target: string,
): { slots: Slot[]; findings: Finding[] } {
  const slots: Slot[] = [];
  const findings: Finding[] = [];
  const given = new Map<string, number>();
  const ids = new Set<number>();
  let last = 0;
  let placeholders = 0;
  for (const version of order) {
    const { id, subject, type } = version;
    const repeated = ids.has(id);
    if (id <= last && !repeated) {
      findings.push(
        blocking(
          `schema-id-order:${versionText(version)}`,
          `${versionText(version)} has id ${id} and needs a schema with a higher id before it, and ${target} gives ids in order: use a registry with import mode.`,
        ),
      );
      continue;
    }
    const free = repeated ? 0 : id - last - 1;
    const skipped = version.version - 1 - (given.get(subject) ?? 0);
    if (skipped > free) {
      findings.push(
        blocking(
          `schema-version-gap:${versionText(version)}`,
          `${versionText(version)} comes after versions that are gone, and ${target} counts versions: use a registry with import mode.`,
        ),
      );
      continue;
    }
    placeholders += free;
    if (placeholders <= mostPlaceholders)
      for (let at = 0; at < free; at++)
        slots.push({
          kind: 'placeholder',
          id: last + 1 + at,
          ...(at < skipped ? { subject, type } : { subject: ownSubjects.reserve, type: 'AVRO' }),
        });
    slots.push({ kind: 'version', id, version });
    ids.add(id);
    given.set(subject, version.version);
    last = Math.max(last, id);
  }
  placeholders += Math.max(0, maxId - last);
  if (placeholders > mostPlaceholders)
    findings.push(
      blocking(
        'schema-id-gap',
        `${placeholders} ids of the source belong to nothing that is copied, and ${target} gives ids in order: use a registry with import mode, or copy all subjects of the source.`,
      ),
    );
  else
    for (let id = last + 1; id <= maxId; id++)
      slots.push({ kind: 'placeholder', id, subject: ownSubjects.reserve, type: 'AVRO' });
  return { slots, findings };
}

/** The slots that an earlier attempt has not filled: ids are given in order, so all up to the highest one are filled. */
export function openSlots(
  slots: readonly Slot[],
  register: readonly SchemaVersion[],
  highest: number,
): Slot[] {
  const missing = new Set(register.map(versionKey));
  return slots.filter((slot) =>
    slot.kind === 'version' ? missing.has(versionKey(slot.version)) : slot.id > highest,
  );
}

/** Slots for ids that nothing of the copy has, with what the source has under them. */
export async function asOnSource(
  slots: readonly Slot[],
  source: Registry,
  target: string,
): Promise<{ slots: Slot[]; findings: Finding[] }> {
  const findings: Finding[] = [];
  const filled = await inParallel(slots, async (slot): Promise<Slot> => {
    if (slot.kind === 'version') return slot;
    const holds = await source.byId(slot.id);
    if (!holds) return slot;
    if (holds.references.length === 0) return { ...slot, holds };
    findings.push(
      blocking(
        'schema-id-gap',
        `Id ${slot.id} of the source belongs to a schema that is not copied and refers to others, and ${target} gives ids in order: use a registry with import mode, or copy all subjects of the source.`,
      ),
    );
    return slot;
  });
  return { slots: filled, findings: findings.slice(0, 1) };
}
