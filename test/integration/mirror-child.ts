/** A mirror that runs until it is killed: `mirror-child.ts LAB PLAN`. Prints how many records it has copied. */
import { attachLab } from '../../lab/lab.js';
import type { MirrorPlan } from '../../src/mirror/plan.js';
import { runMirror } from '../../src/mirror/mirror.js';
import { openMirroring } from './mirroring.js';

const [name, plan] = process.argv.slice(2) as [string, string];
const { source, target } = openMirroring(await attachLab(name));
await runMirror(source, target, JSON.parse(plan) as MirrorPlan, {
  signal: new AbortController().signal,
  progress: ({ records }) => console.log(String(records)),
  throttle: 300_000,
});
