import { randomBytes } from 'node:crypto';
import { isFerryError } from '../migration/errors.js';
import { sameSchema } from './canonical.js';
import { enterImport, leaveImport } from './import-mode.js';
import { RegistryRefusal } from './refusal.js';
import type { Registry } from './registry.js';
import type { Schema } from './schema.js';

/** Whether a registry keeps the ids and version numbers that it is given, as it was found by trying. */
export type ImportCapability =
  | { readonly keepsIds: true }
  /** `why` goes on "..., because": `it has no import mode`. */
  | { readonly keepsIds: false; readonly why: string };

/** How far above the highest id the first one lies: a registry that counts would have to skip as many to hit it. */
const leap = 12;
const versions = [2, 5] as const;

/**
 * Tries import mode on a subject of its own and leaves nothing behind. Neither a mode that is echoed nor a 200 proves
 * anything (Apicurio 3.3.3 gives both, and another id), so what was imported is read back. The second id is lower than
 * the first one, which no registry that counts would give.
 *
 * It makes `above + leap` the highest id of the registry. One that refuses the mode is asked nothing more, and so gives
 * no id away.
 *
 * @param above the highest id of both registries.
 * @throws FerryError when the registry does not answer, or when something is left behind, by name.
 */
export async function tryImport(
  registry: Registry,
  { subject, above }: { subject: string; above: number },
): Promise<ImportCapability> {
  // What a killed attempt has left.
  await removeProbe(registry, subject);
  try {
    await enterImport(registry, subject, { force: false });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return {
      keepsIds: false,
      why:
        error instanceof RegistryRefusal && error.code === 42205
          ? 'it forbids changes of mode'
          : 'it has no import mode',
    };
  }
  try {
    return await importTwo(registry, subject, above);
  } finally {
    await removeProbe(registry, subject);
  }
}

async function importTwo(registry: Registry, subject: string, above: number): Promise<ImportCapability> {
  const ids = [above + leap, above + leap - 5];
  for (const [index, version] of versions.entries()) {
    const id = ids[index] ?? 0;
    const schema = throwAway();
    let given: number;
    try {
      given = await registry.register(subject, schema, { id, version });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return { keepsIds: false, why: 'it refuses to register a schema with an id in import mode' };
    }
    if (given !== id)
      return {
        keepsIds: false,
        why: `it was asked to keep id ${id} and gave ${given}, although it says it imports`,
      };
    const [byId, byVersion] = [await registry.byId(id), await registry.version(subject, version)];
    if (!byId || !sameSchema(byId, schema) || byVersion?.id !== id)
      return {
        keepsIds: false,
        why: `it said that it kept id ${id} as version ${version}, and shows something else there`,
      };
  }
  return { keepsIds: true };
}

/** Deletes what trying has registered, for good, and takes the subject out of import mode. Nothing there: done already. */
export async function removeProbe(registry: Registry, subject: string): Promise<void> {
  if ((await registry.versions(subject, { deleted: true })).length > 0) {
    await registry.deleteSubject(subject);
    await registry.deleteSubject(subject, { permanent: true });
  }
  await leaveImport(registry, subject);
}

/** Of its own each time, so that no registry knows its text under another id. */
function throwAway(): Schema {
  return {
    type: 'AVRO',
    text: JSON.stringify({
      type: 'enum',
      name: `kafka_ferry_probe_${randomBytes(6).toString('hex')}`,
      symbols: ['A'],
    }),
    references: [],
  };
}

const isRefusal = (error: unknown): boolean =>
  isFerryError(error) && ['Refused', 'Unsupported', 'Conflict', 'NotFound'].includes(error.type);
