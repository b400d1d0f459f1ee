/**
 * Bytes that a mirror copies in a second where nothing holds it back, for a first idea: a fifth of what each of them copied
 * in large batches on two cores (`bench/README.md`), since networks and clusters that are in use are slower.
 */
export const expectedRate = { engine: 50_000_000, mirrormaker: 10_000_000 } as const;
