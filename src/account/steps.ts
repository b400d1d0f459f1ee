import type { Step } from '../migration/state.js';
import { isHumanStep, stepKind, type StepId } from '../migration/strategies.js';
import type { AccountStep, Measured, Phase, Part, Saying } from './account.js';
import { answerOf } from './found.js';
import type { InStep } from './in-steps.js';

/** Sentences of one step beside those that it has kept: a wait of weeks says one an hour. */
const mostMeasured = 40;

interface Worked {
  /** The steps are those of the end; else of when the last run began, and what came after is worked out. */
  whole: boolean;
  happened: readonly InStep[];
  /** Of the last run. */
  phases: readonly Phase[];
  said: readonly Saying[];
}

export function stepsOf(steps: readonly Step[], { whole, happened, phases, said }: Worked): AccountStep[] {
  const now = whole ? steps : workedOut(steps, phases, said);
  const seen = measuredIn(happened);
  return now.map((step) => {
    const kept: Measured[] = step.evidence.map(({ at, sentence, unverified, data }) => ({
      ...{ at, sentence, unverified: unverified ?? null },
      ...(data !== undefined && { data }),
    }));
    // What a step has kept often begins with what an activity has said.
    const more = (seen.get(step.id) ?? []).filter(
      ({ sentence }) => !kept.some((one) => one.sentence.includes(sentence)),
    );
    const most = more.slice(-mostMeasured);
    return {
      id: step.id,
      title: step.title,
      status: step.status,
      startedAt: step.startedAt ?? null,
      endedAt: step.endedAt ?? null,
      says: step.says ?? kept.at(-1)?.sentence ?? most.at(-1)?.sentence ?? null,
      unverified: step.unverified ?? null,
      parts: partsOf(step, said, whole),
      measured: [...kept, ...most].sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0)),
      leftOut: more.length - most.length + (whole ? 0 : (step.leftOut ?? 0)),
    };
  });
}

/** What activities have said in each step. Of a watch that looks again and again each sentence once, when it was last said. */
function measuredIn(happened: readonly InStep[]): Map<string, Measured[]> {
  const steps = new Map<string, Map<string, Measured>>();
  for (const { one, step, asked } of happened) {
    if (!asked || !step || beside.includes(asked.activity)) continue;
    const sentence =
      one.what === 'failed' ? one.sentence : one.what === 'answered' && answerOf(one.answer).sentence;
    if (!sentence) continue;
    const told = steps.get(step) ?? new Map<string, Measured>();
    steps.set(step, told);
    told.delete(sentence);
    told.set(sentence, { at: one.at, sentence, unverified: null });
  }
  return new Map([...steps].map(([step, told]) => [step, [...told.values()]]));
}

/** What goes on beside the steps, and is no measure of any. */
export const beside = ['takeHolds', 'releaseHolds', 'tell', 'keepAccount', 'mirror', 'watchSchemas'];

/** Where the last run has left no state: what it wrote down of where it was says which steps it has closed. */
function workedOut(steps: readonly Step[], phases: readonly Phase[], said: readonly Saying[]): Step[] {
  const now = steps.map((step) => ({ ...step }));
  const last = phases.at(-1);
  let at = -1;
  const close = (step: Step | undefined, when: string): void => {
    if (!step || step.status === 'done' || step.status === 'skipped') return;
    const begun = step.startedAt !== undefined;
    const skipped =
      !begun ||
      said.some((one) => one.message === 'skip' && one.step === step.id && one.at >= (step.startedAt ?? ''));
    step.status = skipped ? 'skipped' : 'done';
    if (begun) step.endedAt = when;
  };
  for (const { from, step: id, state } of phases) {
    if (id === 'undo' && !now.some((step) => step.id === 'undo'))
      now.push({ id, title: stepKind(id).title, status: 'pending', evidence: [] });
    const index = id === null ? -1 : now.findIndex((step) => step.id === id);
    if (id === null || index !== at) close(now[at], from);
    if (index < 0) continue;
    if (index < at) for (const step of now.slice(index)) reset(step);
    else if (id !== 'undo') for (const step of now.slice(at + 1, index)) close(step, from);
    at = index;
    const step = now[index] as Step;
    if (step.status !== 'done' && step.status !== 'skipped') {
      step.startedAt ??= from;
      step.status = state === 'waiting' || state === 'blocked' ? state : 'active';
    }
  }
  if (last?.state === 'done') for (const step of now) if (step.status === 'pending') step.status = 'skipped';
  if (last?.state === 'aborted')
    for (const step of now) if (step.status === 'active') step.status = 'skipped';
  return now;
}

function reset(step: Step): void {
  step.status = 'pending';
  delete step.startedAt;
  delete step.endedAt;
  delete step.says;
}

function partsOf(step: Step, said: readonly Saying[], whole: boolean): Part[] {
  return (step.parts ?? []).map(({ name, claim, verified }) => {
    const heard = whole ? undefined : saidOf(step, name, said);
    const closed = step.status === 'done';
    return {
      name,
      by: claim?.by ?? heard?.by ?? null,
      at: claim?.at ?? heard?.at ?? null,
      note: claim?.note ?? heard?.note ?? null,
      override: claim?.override?.reason ?? heard?.override ?? null,
      verified: verified ?? (heard && closed ? heard.override === null : null),
    };
  });
}

/** The last that was said of a part and counted. */
function saidOf(step: Step, name: string, said: readonly Saying[]): Saying | undefined {
  if (!isHumanStep(step.id)) return undefined;
  const single = step.parts?.length === 1;
  return said.findLast(
    (one) =>
      one.message === (step.id as string) &&
      one.refused === null &&
      (one.name === name || one.name === '*' || (one.name === null && single)),
  );
}

export const titleOf = (steps: readonly { id: StepId; title: string }[], id: StepId): string =>
  steps.find((step) => step.id === id)?.title ?? stepKind(id).title;
