/** Names for what stands beside each other, each once: the second of a name gets a number. */
export class Names {
  private readonly taken = new Set<string>();

  constructor(private readonly spell: (text: string) => string) {}

  of(text: string): string {
    const plain = this.spell(text);
    let name = plain;
    for (let more = 2; this.taken.has(name); more += 1) name = `${plain}-${more}`;
    this.taken.add(name);
    return name;
  }
}
