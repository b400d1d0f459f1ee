/** The first circle that is found, its first name again at its end. */
export function circleIn(arrows: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const onPath = new Set<string>();
  /** Without recursion: a chain may be as long as a fleet is large. */
  for (const start of arrows.keys()) {
    const left: { name: string; next: number }[] = [{ name: start, next: 0 }];
    while (left.length > 0) {
      const at = left.at(-1) as { name: string; next: number };
      if (at.next === 0) {
        if (done.has(at.name)) {
          left.pop();
          continue;
        }
        path.push(at.name);
        onPath.add(at.name);
      }
      const to = arrows.get(at.name)?.[at.next];
      at.next += 1;
      if (to === undefined) {
        done.add(at.name);
        onPath.delete(at.name);
        path.pop();
        left.pop();
      } else if (onPath.has(to)) return [...path.slice(path.indexOf(to)), to];
      else left.push({ name: to, next: 0 });
    }
  }
  return undefined;
}
