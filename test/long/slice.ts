import { strategyNames, type Strategy } from '../../src/migration/strategies.js';

export { strategyNames };

/** `1/3`: of all cases the first third, one of three that together are whole. Without: all. */
const [part, parts] = (process.env.FERRY_LONG_SLICE ?? '1/1').split('/').map(Number) as [number, number];

/** Whether a case belongs to the slice that is run; the rotations of a strategy are spread over the slices. */
export function inSlice({ strategy, rotation }: { strategy: Strategy; rotation: number }): boolean {
  return (rotation + strategyNames.indexOf(strategy)) % parts === part - 1;
}
