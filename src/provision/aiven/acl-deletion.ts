import type { AclBinding, DeletedBindings } from '../../kafka/cluster.js';
import { bindingKey, bindingsOf, isWholly } from './bindings.js';
import { hasId, type KafkaEntry } from './entries.js';
import type { AivenService } from './service.js';

/**
 * Removes every entry that says nothing but these ACLs, by its id: of two that are the same, both. What an entry without an
 * id says, or one that says more than these, is left.
 */
export async function deleteBindings(
  service: AivenService,
  bindings: readonly AclBinding[],
): Promise<DeletedBindings> {
  const doomed = new Set(bindings.map(bindingKey));
  const entries = await service.entries();
  const kept: KafkaEntry[] = [];
  for (const entry of entries)
    if (hasId(entry) && isWholly(entry, doomed)) await service.remove(entry);
    else kept.push(entry);
  const left = await saidBy(kept, doomed);
  return { deleted: (await saidBy(entries, doomed)).length - left.length, left };
}

/** A pattern that Kafka has no word for is no ACL of one name, so no topics are asked for. */
async function saidBy(entries: readonly KafkaEntry[], among: ReadonlySet<string>): Promise<AclBinding[]> {
  return (await bindingsOf(entries, async () => [])).filter((acl) => among.has(bindingKey(acl)));
}
