/** Full names begin with a dot, as in descriptors: `.shop.Order.Line`. */
export class Names {
  private readonly known = new Set<string>();

  /** A message, an enum, or a package: each part of its name is a scope that names may be looked for in. */
  add(name: string): void {
    const parts = name.split('.').filter((part) => part !== '');
    for (let length = 1; length <= parts.length; length++)
      this.known.add(`.${parts.slice(0, length).join('.')}`);
  }

  /**
   * A name in full, looked for as protoc does: its first part from the innermost scope outwards. `~` before one that is
   * declared in a file nobody has: it is whatever the imports say.
   */
  resolve(name: string, scope: string): string {
    if (name.startsWith('.')) return name;
    const [first = name] = name.split('.');
    for (let at = scope; ; at = at.slice(0, at.lastIndexOf('.'))) {
      if (this.known.has(`${at}.${first}`)) return `${at}.${name}`;
      if (at === '') return `~${name}`;
    }
  }
}

/** What a field is called in JSON unless it says otherwise. */
export const usualJsonName = (name: string): string =>
  name.replace(/_+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());
