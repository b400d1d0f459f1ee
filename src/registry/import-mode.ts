import { FerryError } from '../migration/errors.js';
import { inParallel } from '../parallel/in-parallel.js';
import { RegistryRefusal } from './refusal.js';
import type { Registry } from './registry.js';

/**
 * Takes a subject into import mode and proves it by reading the mode back: some registries answer 200 or 204 and do
 * nothing.
 *
 * @throws RegistryRefusal `Unsupported` from registries without modes, `Conflict` where the subject has live versions.
 * @throws FerryError `Unsupported` when the mode is not what was asked for.
 */
export async function enterImport(
  registry: Registry,
  subject: string,
  options: { force: boolean },
): Promise<void> {
  await registry.setMode(subject, 'IMPORT', options);
  if ((await registry.mode(subject)) !== 'IMPORT')
    throw new FerryError(
      'Unsupported',
      `Registry "${registry.name}" said that ${subject} is in import mode, and shows another mode: it has no import mode.`,
    );
}

/**
 * Takes a subject out of import mode: it follows the registry's own mode again, as a subject does that nobody has touched.
 * Answers whether it was in it.
 *
 * @throws FerryError `Conflict` when the registry as a whole is in import mode, `Unexpected` when it stays for no reason.
 */
export async function leaveImport(registry: Registry, subject: string): Promise<boolean> {
  if ((await registry.mode(subject)) !== 'IMPORT') return false;
  try {
    await registry.clearMode(subject);
  } catch (error) {
    // Older registries can set a mode and not take it away.
    if (!(error instanceof RegistryRefusal) || error.type !== 'Unsupported') throw error;
    await registry.setMode(subject, 'READWRITE');
  }
  if ((await registry.mode(subject)) !== 'IMPORT') return true;
  if ((await registry.globalMode()) === 'IMPORT')
    throw new FerryError(
      'Conflict',
      `Registry "${registry.name}" is in import mode as a whole, which the ferry never asks for: find out who did it, and set the mode back.`,
    );
  throw new FerryError(
    'Unexpected',
    `Registry "${registry.name}" leaves ${subject} in import mode: take it out by hand (DELETE /mode/${subject}).`,
  );
}

/** Takes all of them out of import mode, whatever becomes of one. @throws the first error, when all have been tried. */
export async function leaveAll(registry: Registry, subjects: readonly string[]): Promise<string[]> {
  const left: string[] = [];
  const failures: unknown[] = [];
  await inParallel(subjects, async (subject) => {
    try {
      if (await leaveImport(registry, subject)) left.push(subject);
    } catch (error) {
      failures.push(error);
    }
  });
  if (failures.length > 0) throw failures[0];
  return left;
}
