import { mirrorKind, type Migration } from './file.js';
import {
  readClaim,
  readControl,
  type Claim,
  type Control,
  type ControlName,
  type MessageName,
} from './messages.js';
import {
  currentStep,
  isClosed,
  stepOf,
  type MigrationState,
  type Part,
  type Said,
  type Step,
} from './state.js';
import { isHumanStep, stepKind, type HumanStepId } from './strategies.js';

/** What becomes of a message: `apply` changes the state; a refusal says in one sentence why and what to do. */
export type Judgement =
  | { answer: string; apply: () => void; refusal?: undefined }
  | { refusal: string; answer?: undefined; apply?: undefined };

const refuse = (refusal: string): Judgement => ({ refusal });
const already = (answer: string): Judgement => ({ answer, apply: () => undefined });

/**
 * Judges a signal or an update, which have the same names and mean the same. Changes nothing until `apply` is
 * called, so that an update's validator can ask first. Never throws.
 * @param at now, ISO 8601.
 */
export function judge(state: MigrationState, name: MessageName, input: unknown, at: string): Judgement {
  if (state.outcome) return refuse(`this migration has ended: ${state.outcome.sentence}`);
  if (isHumanStep(name)) {
    if (state.abort) return refuse('this migration is being aborted');
    const claim = readClaim(name, input);
    return claim.mistake === undefined ? judgeClaim(state, name, claim.value, at) : refuse(claim.mistake);
  }
  const control = readControl(name, input);
  return control.mistake === undefined
    ? judgeControl(state, name, control.value, at)
    : refuse(control.mistake);
}

function judgeClaim(state: MigrationState, id: HumanStepId, claim: Claim, at: string): Judgement {
  const step = stepOf(state, id);
  if (!step?.parts) {
    const asked = state.steps.flatMap((other) => (other.parts ? [other.id] : [])).join(', ');
    return refuse(`${state.migration.strategy} has no step ${id} here; its human steps are ${asked}`);
  }
  if (claim.override && claim.by === undefined)
    return refuse('an override needs by: who takes the responsibility');
  if (id === 'deletionApproved') {
    const refusal = deletionRefusal(state, step, claim);
    if (refusal !== undefined) return refuse(refusal);
  }
  if (id === 'teamApproved') {
    const refusal = approvalRefusal(claim);
    if (refusal !== undefined) return refuse(refusal);
  }
  if (id === 'producerStopped' && claim.override && cannotBeAhead(state.migration))
    return refuse(
      `producerStopped takes no override here: the ferry's engine has to be the only writer of the topics on ${state.migration.target} until it has copied the last record, so new producers wait for it (with MirrorMaker they need not)`,
    );
  if (isClosed(step)) return already(`${id} is ${step.status} already`);

  const parts = partsMeant(id, step, claim);
  if (typeof parts === 'string') return refuse(parts);
  if (parts.length === 0) return already(`${id} was said already; the check is under way`);
  const names = parts.map((part) => part.name).join(', ');
  const kept = step.status === 'pending';
  return {
    answer: tooEarly(state, step)
      ? `${id} is kept for ${names}, and early: the mirror does not keep up yet, so producers stand still until it has copied what is left; ferry status says how long that takes`
      : kept
        ? `${id} is kept for ${names}: it counts when its step begins (now: ${now(state)})`
        : `${id} counts for ${names}; it is being checked against the clusters`,
    apply: () => {
      for (const part of parts) {
        part.claim = said(claim, at);
        delete part.verified;
      }
    },
  };
}

/** Whether the mirror has a history to copy before producers need to stop. */
const tooEarly = (state: MigrationState, { id, status }: Step): boolean =>
  id === 'producerStopped' &&
  status !== 'waiting' &&
  state.migration.strategy === 'simpleMirroring' &&
  state.facts.mirror?.keepsUp !== true;

/**
 * A person who approves a deletion has to name themselves and the topic, while the step asks and not before. Its check
 * cannot be overridden: findings that ask are accepted one by one, when the step is blocked by them.
 */
function deletionRefusal(
  state: MigrationState,
  step: Step,
  { by, topic, name, override }: Claim,
): string | undefined {
  const topics = step.parts?.map((part) => part.name).join(', ') ?? '';
  if (override) return 'deletionApproved takes no override: what is deleted was checked, always';
  if (by === undefined) return 'deletionApproved needs by: who approves the deletion';
  if (topic === undefined || name !== undefined)
    return `deletionApproved needs topic, the exact name of one topic to delete on ${state.migration.source}: ${topics}`;
  if (!step.parts?.some((part) => part.name === topic))
    return `${topic} is not a topic of this migration; deletionApproved needs the exact name: ${topics}`;
  if (step.status === 'pending' || step.status === 'blocked')
    return `deletionApproved is not kept: it counts only while its step asks for it (now: ${now(state)})`;
  return undefined;
}

/** Who approved, and why, is all there is to this step: nothing is measured that could be overridden. */
function approvalRefusal({ by, note, override }: Claim): string | undefined {
  if (override) return 'teamApproved takes no override: there is no check to pass, only who approves and why';
  if (by === undefined) return 'teamApproved needs by: who approves the migration';
  if (note === undefined || note.trim() === '') return 'teamApproved needs note: why the team approves it';
  return undefined;
}

/** Whether producers may not write to the target before the mirror is empty, whoever takes the responsibility. */
const cannotBeAhead = (migration: Migration): boolean =>
  migration.strategy === 'advancedMirroring' && mirrorKind(migration) === 'engine';

/** The parts a claim is about and that are still unsaid; a sentence when it could mean several. */
function partsMeant(id: HumanStepId, step: Step, { name, topic }: Claim): Part[] | string {
  const parts = step.parts ?? [];
  const open = (part: Part): boolean => part.claim === undefined;
  const wanted = name ?? topic;
  if (wanted !== undefined) {
    // A group may be called `*`: its name goes before what stands for all of them.
    const part = parts.find((one) => one.name === wanted);
    if (!part && wanted === '*') return parts.filter(open);
    return part
      ? [part].filter(open)
      : `${wanted} is not part of ${id}; name is one of ${parts.map((one) => one.name).join(', ')}`;
  }
  const left = parts.filter(open);
  return left.length <= 1
    ? left
    : `${id} has several left: say which by name (${left.map((one) => one.name).join(', ')}), or "name":"*" for all of them`;
}

const now = (state: MigrationState): string => {
  const step = currentStep(state);
  return step ? `${step.id}, ${step.status}` : 'between steps';
};

function judgeControl(state: MigrationState, name: ControlName, control: Control, at: string): Judgement {
  const step = currentStep(state);
  if (state.abort && name !== 'abort' && name !== 'retry' && name !== 'skip')
    return refuse('this migration is being aborted');
  switch (name) {
    case 'pause':
      return state.paused
        ? already('paused already')
        : { answer: 'pauses at the next safe point', apply: () => (state.paused = said(control, at)) };
    case 'resume':
      return state.paused
        ? { answer: 'goes on', apply: () => (state.paused = null) }
        : already('it is not paused');
    case 'abort':
      if (state.abort) return already('it is being aborted already');
      return state.facts.deletingSince !== undefined
        ? refuse(
            'the deletion of the source has begun: there is nothing to go back to, so this migration can only go on',
          )
        : {
            answer: 'aborts: takes back what the migration made',
            apply: () => {
              state.abort = said(control, at);
              state.paused = null;
            },
          };
    case 'retry': {
      if (step?.status !== 'blocked')
        return refuse(`nothing is blocked; retry is for a blocked step (now: ${now(state)})`);
      if (!control.override)
        return {
          answer: `tries ${step.id} again`,
          apply: () => (state.decision = { what: 'retry', ...said(control, at) }),
        };
      const { by, override } = control;
      if (by === undefined) return refuse('an override needs by: who takes the responsibility');
      if (!step.problem?.offers.includes('override'))
        return refuse(`${step.id} cannot go on by an override: ${step.problem?.sentence ?? ''}`);
      const asked = step.problem.findings.filter(({ weight }) => weight === 'asks');
      return {
        answer: `accepted by ${by}; tries ${step.id} again`,
        apply: () => {
          state.accepted.push(...asked.map(({ key }) => ({ key, by, reason: override.reason, at })));
          state.decision = { what: 'retry', ...said(control, at) };
        },
      };
    }
    case 'skip': {
      if (!step) return refuse('no step is under way');
      const why = stepKind(step.id).skippable;
      return why === undefined
        ? refuse(`${step.id} cannot be skipped: the promise of ${state.migration.strategy} rests on it`)
        : {
            answer: `skips ${step.id}: ${why}`,
            apply: () => (state.decision = { what: 'skip', ...said(control, at) }),
          };
    }
  }
}

function said({ by, note, override }: Control | Claim, at: string): Said {
  return {
    ...(by !== undefined && { by }),
    ...(note !== undefined && { note }),
    ...(override && { override }),
    at,
  };
}
