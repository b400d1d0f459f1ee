/**
 * Up to how many an acceptance counts: a power of two. Where applications go on there are a few more at each look, so that the
 * very number could never be accepted; twice as many are another question.
 */
export function upTo(records: bigint): bigint {
  let most = 1n;
  while (most < records) most *= 2n;
  return most;
}
