import { amendment, partsAnew } from './amending.js';
import { addEvidence } from './evidence.js';
import { mirrorKind } from './file.js';
import { few, named } from './foreign-text.js';
import { inFull } from './listed.js';
import { already, refuse, type Judgement } from './judgement.js';
import { isFleetsWord } from './membership.js';
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
  isPassed,
  stepOf,
  type MigrationState,
  type Shown,
  type Part,
  type Said,
  type Step,
} from './state.js';
import { isHumanStep, stepKind, type HumanStepId } from './strategies.js';
import { judgeThrottle } from './throttling.js';

/**
 * Rules that came while migrations ran: a history in which a person was answered by the rule before goes on by that.
 * - `override-counts-at-once`: an override takes the place of a claim that is kept or being checked.
 * - `accepted-by-key`: what asks is accepted by its key; before, an override accepted all of it at once.
 * - `shares-until-prepared`: the shares of a mirror change until it is prepared; before, until its step began.
 */
export type Rule = 'override-counts-at-once' | 'accepted-by-key' | 'shares-until-prepared';

/**
 * Judges a signal or an update, which have the same names and mean the same. Changes nothing until `apply` is
 * called, so that an update's validator can ask first. Never throws.
 * @param at now, ISO 8601.
 * @param since whether a rule holds for this history; asked only where it makes a difference.
 */
export function judge(
  state: MigrationState,
  name: MessageName,
  input: unknown,
  at: string,
  since: (rule: Rule) => boolean = () => true,
): Judgement {
  if (state.outcome) return refuse(`this migration has ended: ${state.outcome.sentence}`);
  if (isHumanStep(name)) {
    if (state.abort) return refuse('this migration is being aborted');
    const claim = readClaim(name, input);
    return claim.mistake === undefined
      ? judgeClaim(state, name, claim.value, at, since)
      : refuse(claim.mistake);
  }
  if (name !== 'amend' && name !== 'throttle') return judgeControl(state, name, input, at, since);
  const control = readControl(name, input);
  if (control.mistake !== undefined) return refuse(control.mistake);
  return name === 'amend'
    ? judgeAmendment(state, control.value, at, since)
    : judgeThrottle(state, control.value, at);
}

/** What may be said to whatever runs in steps; only a migration has a file to amend, and a mirror. */
export type SharedControl = Exclude<ControlName, 'amend' | 'throttle'>;

/** Judges what may be said to whatever runs in steps: the same as `judge`, for its controls. */
export function judgeControl(
  state: Shown,
  name: SharedControl,
  input: unknown,
  at: string,
  since: (rule: Rule) => boolean = () => true,
): Judgement {
  if (state.outcome) return refuse(`this has ended: ${state.outcome.sentence}`);
  const control = readControl(name, input);
  return control.mistake === undefined
    ? controlled(state, name, control.value, at, since)
    : refuse(control.mistake);
}

function judgeClaim(
  state: MigrationState,
  id: HumanStepId,
  claim: Claim,
  at: string,
  since: (rule: Rule) => boolean,
): Judgement {
  const step = stepOf(state, id);
  if (!step?.parts) {
    const asked = state.steps.flatMap((other) => (other.parts ? [other.id] : [])).join(', ');
    return refuse(`${state.migration.strategy} has no step ${id} here; its human steps are ${asked}`);
  }
  if (claim.override && claim.by === undefined)
    return refuse('an override needs by: who takes the responsibility');
  const never = claim.override && noOverride(state.migration, id);
  if (never) return refuse(never);
  if (id === 'deletionApproved') {
    const refusal = deletionRefusal(state, step, claim);
    if (refusal !== undefined) return refuse(refusal);
  }
  if (id === 'teamApproved') {
    const refusal = approvalRefusal(claim);
    if (refusal !== undefined) return refuse(refusal);
  }
  if (isClosed(step)) return already(`${id} is ${step.status} already`);

  const about = partsMeant(id, step, claim, replaces(step, claim, since));
  if (typeof about === 'string') return refuse(about);
  const { parts, said: saidBefore } = about;
  if (parts.length === 0) return already(saidAlready(state, id, step, saidBefore));
  const names = few(parts.map((part) => part.name));
  const after = {
    ...step,
    parts: step.parts.map((part) => (parts.includes(part) ? { ...part, claim: said(claim, at) } : part)),
  };
  return {
    answer: tooEarly(state, step)
      ? `${id} is kept for ${names}, and early: the mirror does not keep up yet, so producers stand still until it has copied what is left; ferry status says how long that takes`
      : step.status === 'pending'
        ? `${id} is kept for ${names}: ${counts(state)}`
        : claim.override
          ? `${id} is overridden for ${names}: it is not measured, and reported as not verified`
          : `${id} counts for ${names}; ${fate(state, after)}`,
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
function deletionRefusal(state: MigrationState, step: Step, { by, topic, name }: Claim): string | undefined {
  const topics = few((step.parts ?? []).map((part) => part.name));
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
function approvalRefusal({ by, note }: Claim): string | undefined {
  if (by === undefined) return 'teamApproved needs by: who approves the migration';
  if (note === undefined || note.trim() === '') return 'teamApproved needs note: why the team approves it';
  return undefined;
}

/** Why the check of a step cannot be overridden at all; undefined where it can. */
export function noOverride(migration: Shown['migration'], id: HumanStepId): string | undefined {
  if (id === 'deletionApproved')
    return 'deletionApproved takes no override: what is deleted was checked, always';
  if (id === 'teamApproved')
    return 'teamApproved takes no override: there is no check to pass, only who approves and why';
  return id === 'producerStopped' && cannotBeAhead(migration)
    ? `producerStopped takes no override here: the ferry's engine has to be the only writer of the topics on ${migration.target} until it has copied the last record, so new producers wait for it (with MirrorMaker they need not)`
    : undefined;
}

/** Whether producers may not write to the target before the mirror is empty, whoever takes the responsibility. */
const cannotBeAhead = (migration: Shown['migration']): boolean =>
  migration.strategy === 'advancedMirroring' && mirrorKind(migration) === 'engine';

/** An override takes the place of a claim that has not been found true: kept, or while it is checked. */
function replaces(step: Step, claim: Claim, since: (rule: Rule) => boolean): (part: Part) => boolean {
  const plain = (part: Part): boolean => part.claim !== undefined && !part.claim.override && !isPassed(part);
  return claim.override && step.parts?.some(plain) && since('override-counts-at-once') ? plain : () => false;
}

/**
 * The parts a claim is about and that it changes, and those of which it has been said before; a sentence when it could
 * mean several.
 */
function partsMeant(
  id: HumanStepId,
  step: Step,
  { name, topic }: Claim,
  replaceable: (part: Part) => boolean,
): { parts: Part[]; said: Part[] } | string {
  const parts = step.parts ?? [];
  const open = (part: Part): boolean => part.claim === undefined || replaceable(part);
  const about = (meant: Part[]) => ({ parts: meant.filter(open), said: meant.filter((part) => !open(part)) });
  const wanted = name ?? topic;
  if (wanted !== undefined) {
    // A group may be called `*`: its name goes before what stands for all of them.
    const part = parts.find((one) => one.name === wanted);
    if (!part && wanted === '*') return about(parts);
    return part
      ? about([part])
      : `${named(wanted)} is not part of ${id}; name is one of ${few(parts.map((one) => one.name))}`;
  }
  const left = parts.filter(open);
  return left.length <= 1
    ? about(left.length === 1 ? left : parts)
    : `${id} has several left: say which by name (${few(left.map((one) => one.name))}), or "name":"*" for all of them`;
}

/** What is said to a person who says again what stands already. */
function saidAlready(state: MigrationState, id: HumanStepId, step: Step, before: readonly Part[]): string {
  if (step.status === 'pending') return `${id} is kept already: ${counts(state)}`;
  if (before.length > 0 && before.every(isPassed))
    return `${id} was said already, and ${before.every(({ verified }) => verified) ? 'agrees with what was measured' : 'is overridden'}`;
  return `${id} was said already; ${fate(state, step)}`;
}

const counts = (state: MigrationState): string => `it counts when its step begins (now: ${now(state)})`;

/** What happens next to a claim of a step that has begun. */
function fate(state: MigrationState, step: Step): string {
  if (step.status === 'blocked') return 'it is checked when the blocked step is tried again (retry)';
  if (state.paused) return 'it is checked after resume';
  const unsaid = (step.parts ?? []).flatMap(({ name, claim }) => (claim ? [] : [name]));
  return stepKind(step.id).together && unsaid.length > 0
    ? `it is checked together with ${few(unsaid)}, once that is said too`
    : 'it is being checked against the clusters';
}

const now = (state: Pick<MigrationState, 'steps'>): string => {
  const step = currentStep(state);
  return step ? `${step.id}, ${step.status}` : 'between steps';
};

function controlled(
  state: Shown,
  name: SharedControl,
  control: Control,
  at: string,
  since: (rule: Rule) => boolean,
): Judgement {
  const step = currentStep(state);
  if (state.abort && name !== 'abort' && name !== 'retry' && name !== 'skip')
    return refuse('this migration is being aborted');
  switch (name) {
    case 'pause':
      // What a person has paused goes on when a person says so, and not with the fleet.
      return state.paused && !(isFleetsWord(state.paused) && !isFleetsWord(control))
        ? already('paused already')
        : { answer: 'pauses at the next safe point', apply: () => (state.paused = said(control, at)) };
    case 'resume':
      if (state.paused && isFleetsWord(control) && state.paused.by !== control.by)
        return already('it was paused by somebody else');
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
      if (!control.override && !control.accept)
        return {
          answer: `tries ${step.id} again`,
          apply: () => (state.decision = { what: 'retry', ...said(control, at) }),
        };
      return judgeAcceptance(state, step, control, at, since);
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

/** What asks is accepted by name, so that a question among many is not accepted unseen. */
function judgeAcceptance(
  state: Shown,
  step: Step,
  control: Control,
  at: string,
  since: (rule: Rule) => boolean,
): Judgement {
  const { by, note, override, accept } = control;
  const findings = step.problem?.findings ?? [];
  const asked = findings.filter(({ weight }) => weight === 'asks').map(({ key }) => key);
  const reason = override?.reason ?? note ?? '';
  if (by === undefined)
    return refuse(`${accept ? 'accept' : 'an override'} needs by: who takes the responsibility`);
  if (reason.trim() === '') return refuse('accept needs note: why it may go on although the check asks');
  if (asked.length === 0)
    return refuse(`${step.id} asks for nothing to accept: ${step.problem?.sentence ?? ''}`);
  if (!accept && asked.length > 1 && since('accepted-by-key'))
    return refuse(
      `${asked.length} findings ask, and an override would accept all of them unseen: say which by "accept":["KEY"] (${few(asked)}), or "accept":["*"] for all of them`,
    );
  const all = !accept || accept.includes('*');
  const unknown = all ? [] : accept.filter((key) => !asked.includes(key));
  if (unknown.length > 0) {
    const blocks = findings.find(({ key, weight }) => weight === 'blocks' && unknown.includes(key));
    return refuse(
      blocks
        ? `${blocks.key} blocks, and cannot be accepted: mend it, then retry`
        : `${step.id} does not ask about ${few(unknown)}; it asks about ${few(asked)}`,
    );
  }
  const keys = all ? asked : asked.filter((key) => accept.includes(key));
  const left = findings.filter(({ weight, key }) => weight !== 'notes' && !keys.includes(key));
  return {
    answer: `${few(keys)} accepted by ${by}; tries ${step.id} again${left.length > 0 ? ` (still there: ${few(left.map(({ key }) => key))})` : ''}`,
    apply: () => {
      state.accepted.push(...keys.map((key) => ({ key, by, reason, at })));
      state.decision = { what: 'retry', ...said(control, at) };
    },
  };
}

function judgeAmendment(
  state: MigrationState,
  control: Control,
  at: string,
  since: (rule: Rule) => boolean,
): Judgement {
  const { by, note, file } = control;
  if (by === undefined) return refuse('amend needs by: who changes the migration');
  if (file === undefined)
    return refuse('amend needs file: the whole migration file as it is to be, {"by":"…","file":{…}}');
  const { migration, changes, refusal } = amendment(state, file, since);
  if (refusal !== undefined) return refuse(refusal);
  if (changes.length === 0) return already('the migration does already what the file says');
  if (state.abort) return refuse('this migration is being aborted');
  const step = currentStep(state);
  const told = inFull(changes, ', ', 10);
  const sentence = `Amended by ${by}${note ? ` (${note})` : ''}: ${told}.`;
  return {
    answer: `amended: ${told}${step?.status === 'blocked' ? `; ${step.id} is blocked: retry` : ''}`,
    apply: () => {
      const groupsBefore = JSON.stringify(state.migration.consumers);
      state.migration = migration;
      partsAnew(state);
      if (JSON.stringify(migration.consumers) !== groupsBefore && state.facts.holds)
        state.facts.holdsDue = true;
      state.afresh = true;
      const beside = step ?? state.steps.find(({ status }) => status === 'pending') ?? state.steps.at(-1);
      if (beside) addEvidence(beside, { at, sentence, data: { changes } });
    },
  };
}

function said({ by, note, override }: Control | Claim, at: string): Said {
  return {
    ...(by !== undefined && { by }),
    ...(note !== undefined && { note }),
    ...(override && { override }),
    at,
  };
}
