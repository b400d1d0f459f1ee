import { writeFileSync } from 'node:fs';
import { advise } from '../../src/advice/advise.js';
import { answersFor, type AnswersFile } from '../../src/advice/answers.js';
import type { Registries } from '../../src/advice/facts.js';
import { setsOf } from '../../src/advice/sets.js';
import type { Inventory } from '../../src/inventory/inventory.js';
import { badInput } from './failure.js';

/** Writes the page about an inventory. What draws it is loaded for this alone: no other verb needs it. */
export async function writeInventoryPage(
  path: string,
  inventory: Inventory,
  answers: AnswersFile = { sets: {} },
  registries?: Registries,
): Promise<void> {
  const { inventoryPage } = await import('../../src/report/inventory-page.js');
  const page = inventoryPage(
    inventory,
    setsOf(inventory).map((set) => ({
      set,
      advice: advise(set, answersFor(set, answers).answers, registries),
    })),
  );
  try {
    writeFileSync(path, page);
  } catch {
    throw badInput(`${path} cannot be written: name a file in a folder that is there.`);
  }
}
