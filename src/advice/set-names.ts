/** Names of files beside those of sets. */
const ofOthers = ['fleet', 'defaults'];

/** Names that sets have, and may not have twice: each becomes the name of a migration and of its file. */
export class SetNames {
  private readonly taken: Set<string>;

  /** @param taken by sets that are named already */
  constructor(taken: Iterable<string> = []) {
    this.taken = new Set([...ofOthers, ...taken]);
  }

  /** Fit for a migration and a file, and nobody's so far. @param wanted as it is, or as nearly as that goes */
  give(wanted: string): string {
    const plain =
      wanted
        .toLowerCase()
        .replaceAll(/[^a-z0-9._-]/g, '-')
        .replace(/^[^a-z0-9]+/, '')
        .slice(0, 90) || 'topic';
    let name = plain;
    for (let number = 2; this.taken.has(name); number++) name = `${plain}-${number}`;
    this.taken.add(name);
    return name;
  }
}
