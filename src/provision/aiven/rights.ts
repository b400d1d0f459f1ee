import type { Row } from '../../kafka/cluster.js';
import { isFerryError } from '../../migration/errors.js';
import type { Right } from '../provisioner.js';
import { missingUsers } from './check.js';
import { entryKey, entryOf, hasId, type AivenEntry } from './entries.js';
import type { AivenService } from './service.js';

/** What stands against the one entry, and not against all that is asked of the service. */
const ofTheEntry = new Set(['Refused', 'Unsupported', 'Conflict']);

/** Makes the service users that are to have these rights and are not there; patterns of users are none. */
export async function makeUsers(service: AivenService, rights: readonly Right[]): Promise<void> {
  const { users } = await service.facts();
  for (const user of missingUsers(
    rights.map(({ principal }) => principal),
    users,
  ))
    await service.createUser(user);
}

/** Adds what is not there, one after the other; a row for each in their order. */
export async function addRights(service: AivenService, rights: readonly Right[]): Promise<Row<void>[]> {
  const there = new Set((await service.entriesLike(rights.map(entryOf))).map(entryKey));
  const rows: Row<void>[] = [];
  for (const right of rights) {
    const entry = entryOf(right);
    const key = entryKey(entry);
    try {
      if (!there.has(key)) await service.add(entry);
      there.add(key);
      rows.push({ value: undefined });
    } catch (error) {
      if (!isFerryError(error) || !ofTheEntry.has(error.type)) throw error;
      rows.push({ error });
    }
  }
  return rows;
}

/** Removes one entry for each of these that is there, by its id; answers how many. */
export async function removeEntries(service: AivenService, doomed: readonly AivenEntry[]): Promise<number> {
  const wanted = new Set(doomed.map(entryKey));
  let removed = 0;
  for (const held of await service.entriesLike(doomed)) {
    if (!hasId(held) || !wanted.delete(entryKey(held))) continue;
    await service.remove(held);
    removed += 1;
  }
  return removed;
}
