import type { Inventory } from '../inventory/inventory.js';
import { few, named } from '../migration/foreign-text.js';
import { globbed } from '../migration/glob.js';

/** Reasons that are told each for itself, before it is said how many more there are. */
const mostReasons = 5;
/** Names of topics that are told. */
const mostTopics = 20;
const mostUsers = 10;

/** What could not be seen and might tie any set to any other, in few lines however many groups there are. */
export function unseenAnywhere({ groups, openTransactions, hidden, connectors }: Inventory): string[] {
  return [
    ...(groups.unknown === undefined ? [] : [`which groups there are: ${groups.unknown}`]),
    ...(openTransactions.unknown === undefined ? [] : [`open transactions: ${openTransactions.unknown}`]),
    // As much as not knowing any: who is not listed may tie every set to others, and read what seems idle.
    ...(hidden ?? []).map(({ what, unknown }) => `whether there are more ${what}: ${unknown}`),
    ...byReason(
      { one: 'group', many: 'groups', does: ['reads', 'read'] },
      (groups.value ?? []).flatMap(({ group, members, committed }) =>
        [...new Set([members.unknown, committed.unknown])].flatMap((why) =>
          why === undefined ? [] : [{ name: group, why }],
        ),
      ),
    ),
    ...byReason(
      { one: 'connector', many: 'connectors', does: ['uses', 'use'] },
      (connectors.value ?? []).flatMap(({ name, pattern, topics: { unknown: why } }) =>
        why === undefined || pattern !== undefined ? [] : [{ name, why }],
      ),
    ),
  ];
}

function byReason(
  { one, many, does }: { one: string; many: string; does: readonly [string, string] },
  all: readonly { name: string; why: string }[],
): string[] {
  const reasons = new Map<string, string[]>();
  for (const { name, why } of all) {
    const there = reasons.get(why);
    if (there) there.push(name);
    else reasons.set(why, [name]);
  }
  const sorted = [...reasons].sort(([, a], [, b]) => b.length - a.length);
  const rest = sorted.slice(mostReasons);
  const others = new Set(rest.flatMap(([, names]) => names)).size;
  return [
    ...sorted
      .slice(0, mostReasons)
      .map(([why, names]) =>
        names.length === 1
          ? `what ${one} ${few(names)} ${does[0]}: ${why}`
          : `what ${names.length} ${many} (${few(names)}) ${does[1]}: ${why}`,
      ),
    ...(others > 0
      ? [
          `what ${others} more ${others === 1 ? one : many} ${others === 1 ? does[0] : does[1]}: ${rest.length} other ${rest.length === 1 ? 'reason' : 'reasons'}, which the inventory has`,
        ]
      : []),
  ];
}

/** Somebody who uses topics together: `group g`, `transaction t`. */
export interface Use {
  who: string;
  topics: readonly string[];
}

/**
 * What is used together with topics of a set and is not in the inventory, a line for each reason.
 *
 * @param uses of one set, each with the topics alone that the inventory does not have
 */
export function unseenBeside(uses: readonly Use[], whyUnseen: (topic: string) => string): string[] {
  const reasons = new Map<string, { topics: Set<string>; users: Set<string> }>();
  for (const { who, topics } of uses)
    for (const topic of topics) {
      const why = whyUnseen(topic);
      const there = reasons.get(why) ?? { topics: new Set(), users: new Set() };
      reasons.set(why, there);
      there.topics.add(topic);
      there.users.add(who);
    }
  return [...reasons].map(([why, { topics, users }]) => {
    const some = [...users].slice(0, mostUsers).join(', ');
    const more = users.size > mostUsers ? ` and ${users.size - mostUsers} more` : '';
    return `${few([...topics].sort(), mostTopics)}, used by ${some}${more} too: ${why}`;
  });
}

/** Why the inventory does not have a topic that something in it names. */
export function whyUnseenIn({ unseen, glob }: Pick<Inventory, 'unseen' | 'glob'>): (topic: string) => string {
  const reasons = new Map(unseen.map(({ topic, unknown }) => [topic, unknown]));
  const wanted = globbed(glob);
  return (topic) =>
    reasons.get(topic) ??
    (wanted.test(topic) ? 'the cluster did not list it' : `it is outside of --topics ${named(glob)}`);
}
