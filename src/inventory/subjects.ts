import { inParallel } from '../parallel/in-parallel.js';
import type { Registry } from '../registry/registry.js';
import type { ScannedTopic } from './inventory.js';
import { every, mapKnown, part, type Known } from './known.js';

/** Of each id the subjects under which a registry holds its schema: one request for each id. */
export async function subjectsById(
  registry: Registry,
  ids: readonly number[],
): Promise<ReadonlyMap<number, Known<string[]>>> {
  const rows = await inParallel(ids, async (id) => {
    const subjects = await part(() => registry.subjectsOf(id));
    // A registry that does not tell answers as one that does not have it.
    const said: Known<string[]> =
      subjects.value?.length === 0
        ? { unknown: `registry "${registry.name}" names no subject of id ${id}` }
        : subjects;
    return [id, said] as const;
  });
  return new Map(rows);
}

/** The same topic, with the subjects of the ids that its records carry. */
export function withSubjects(
  topic: ScannedTopic,
  subjects: ReadonlyMap<number, Known<string[]>>,
): ScannedTopic {
  return {
    ...topic,
    schemas: mapKnown(topic.schemas, (schemas) => ({
      ...schemas,
      subjects: mapKnown(every(schemas.ids.flatMap((id) => subjects.get(id) ?? [])), (all) =>
        [...new Set(all.flat())].sort(),
      ),
    })),
  };
}
