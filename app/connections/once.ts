/** Opens each name when it is first asked for, and hands out the same from then on. */
export class Once<T> {
  private readonly opened = new Map<string, T>();

  constructor(private readonly open: (name: string) => T) {}

  readonly get = (name: string): T => {
    const known = this.opened.get(name);
    if (known !== undefined) return known;
    const one = this.open(name);
    this.opened.set(name, one);
    return one;
  };

  /** Those that are open, by name. */
  all(): ReadonlyMap<string, T> {
    return this.opened;
  }

  /** Those that are open, which it then no longer knows. */
  takeAll(): T[] {
    const all = [...this.opened.values()];
    this.opened.clear();
    return all;
  }
}
