import { versionKey, type SchemaVersion } from './schema.js';

/**
 * The versions in an order in which each can be registered: what a version refers to, and what comes before it in its
 * subject, stands before it. Beyond that by id, those first that bring an id that was not there before: a registry that
 * counts gives ids to these alone.
 */
export function registrationOrder(versions: readonly SchemaVersion[]): SchemaVersion[] {
  const byKey = new Map(versions.map((version) => [versionKey(version), version]));
  const before = predecessors(versions);
  const order: SchemaVersion[] = [];
  const seen = new Set<SchemaVersion>();
  const visit = (version: SchemaVersion): void => {
    // Histories are long and references may be: no recursion.
    const stack = [{ version, opened: false }];
    for (let top = stack.pop(); top; top = stack.pop()) {
      if (top.opened) order.push(top.version);
      else if (!seen.has(top.version)) {
        seen.add(top.version);
        stack.push({ version: top.version, opened: true });
        for (const needed of needs(top.version, byKey, before).toReversed())
          if (!seen.has(needed)) stack.push({ version: needed, opened: false });
      }
    }
  };
  const byId = versions.toSorted((one, other) => one.id - other.id || one.version - other.version);
  const ids = new Set<number>();
  const repeats: SchemaVersion[] = [];
  for (const version of byId) {
    if (ids.has(version.id)) repeats.push(version);
    else {
      ids.add(version.id);
      visit(version);
    }
  }
  for (const version of repeats) visit(version);
  return order;
}

/** What must be registered before a version: its references, then the version before it in its subject. */
export function needs(
  version: SchemaVersion,
  byKey: ReadonlyMap<string, SchemaVersion>,
  before: ReadonlyMap<string, SchemaVersion>,
): SchemaVersion[] {
  const previous = before.get(versionKey(version));
  return [
    ...version.references.flatMap((reference) => byKey.get(versionKey(reference)) ?? []),
    ...(previous ? [previous] : []),
  ];
}

/** The version before each in its subject, by the key of the later one. */
export function predecessors(versions: readonly SchemaVersion[]): Map<string, SchemaVersion> {
  const before = new Map<string, SchemaVersion>();
  const latest = new Map<string, SchemaVersion>();
  for (const version of versions.toSorted((one, other) => one.version - other.version)) {
    const previous = latest.get(version.subject);
    if (previous) before.set(versionKey(version), previous);
    latest.set(version.subject, version);
  }
  return before;
}

/** Versions that refer to each other in a circle, in order, the first one again at the end; `undefined`: there are none. */
export function referenceLoop(versions: readonly SchemaVersion[]): SchemaVersion[] | undefined {
  const byKey = new Map(versions.map((version) => [versionKey(version), version]));
  const done = new Set<SchemaVersion>();
  for (const start of versions) {
    if (done.has(start)) continue;
    const path: SchemaVersion[] = [];
    const onPath = new Set<SchemaVersion>();
    const stack = [{ version: start, leaves: false }];
    for (let top = stack.pop(); top; top = stack.pop()) {
      const { version, leaves } = top;
      if (leaves) {
        path.pop();
        onPath.delete(version);
        done.add(version);
        continue;
      }
      if (onPath.has(version)) return [...path.slice(path.indexOf(version)), version];
      if (done.has(version)) continue;
      path.push(version);
      onPath.add(version);
      stack.push({ version, leaves: true });
      for (const reference of version.references) {
        const needed = byKey.get(versionKey(reference));
        if (needed) stack.push({ version: needed, leaves: false });
      }
    }
  }
  return undefined;
}

/** All that a version refers to, and that those refer to, of the versions given. */
export function referredTo(
  version: SchemaVersion,
  byKey: ReadonlyMap<string, SchemaVersion>,
): SchemaVersion[] {
  // A set that grows while it is walked over: what is added is visited too.
  const found = new Set<SchemaVersion>([version]);
  for (const one of found)
    for (const reference of one.references) {
      const needed = byKey.get(versionKey(reference));
      if (needed) found.add(needed);
    }
  found.delete(version);
  return [...found];
}
