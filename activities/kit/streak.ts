/** Counts probes in a row that see the same: one probe is an accident of its moment, several that agree are an answer. */
export class Streak {
  private of: string | undefined;
  private length = 0;

  constructor(private readonly agreeing: number) {}

  /** @returns whether enough probes in a row have now seen this. */
  saw(what: string): boolean {
    this.length = what === this.of ? this.length + 1 : 1;
    this.of = what;
    return this.length >= this.agreeing;
  }

  broken(): void {
    this.of = undefined;
    this.length = 0;
  }
}
