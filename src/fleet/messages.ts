import { z } from 'zod';
import { leastRate, parseRate } from '../migration/rate.js';
import { isRealDay } from '../migration/real-day.js';
import { leastBudget, type Fleet, type Member } from './file.js';
import { membersOf, whyWaveWaits, type FleetRule } from './moves.js';
import {
  freezeNow,
  isEnded,
  memberOf,
  waveOf,
  whyFrozen,
  whyHeld,
  type FleetState,
  type SaidOfFleet,
  type WaveState,
} from './state.js';

/** What a person may say to a fleet; each as an update and as a signal of the same name. */
export const fleetMessages = {
  waveApproved:
    'A wave may begin, when its time has come. Example: {"wave":"wave-2","by":"ann","reason":"wave-1 went well"}; with "anyway":true at once, whatever it waits for.',
  freeze:
    'Every migration of the fleet stops at its next safe point, and none starts. Example: {"until":"2026-12-24T08:00Z","by":"ann","reason":"peak season"}',
  thaw: 'The freeze is over. Example: {"by":"ann","reason":"it went well"}',
  pause:
    'Every migration of a wave stops at its next safe point, and none of it starts. Example: {"wave":"wave-2","by":"ann","reason":"too many questions"}',
  resume: 'A wave that was paused goes on. Example: {"wave":"wave-2","by":"ann","reason":"answered"}',
  abort:
    'Every migration of a wave (without one: of the fleet) is aborted, and what has not begun does not. Example: {"wave":"wave-3","by":"ann","reason":"not this year"}',
  throttle:
    'Bytes a second of all mirrors together, shared among those that copy. Example: {"rate":"200MB/s","by":"ann"}; "rate":null for as fast as they can.',
} as const;

export type FleetMessage = keyof typeof fleetMessages;

export const fleetStatusQuery = 'status';
export const fleetType = 'fleet';

const text = (what: string, most: number) =>
  z
    .string({ error: what })
    .trim()
    .min(1, { error: what })
    .max(most, { error: `${what}, of up to ${most} characters` });
const who = text('by says who: {"by":"ann"}', 200);
const why = text('reason says why', 500);
const said = { by: who, reason: why };
const wave = { wave: text('wave names the wave', 100) };
const moment = z
  .string({ error: 'until is a date and time such as 2026-12-24T08:00Z' })
  .max(50, { error: 'until is a date and time such as 2026-12-24T08:00Z' })
  .refine((at) => !Number.isNaN(Date.parse(at)) && /(Z|[+-]\d{2}:?\d{2})$/.test(at), {
    error: 'until is a date and time with its distance from UTC, such as 2026-12-24T08:00Z',
  });

const shapes = {
  waveApproved: z.strictObject({ ...wave, ...said, anyway: z.boolean().optional() }),
  freeze: z.strictObject({ until: moment, ...said }),
  thaw: z.strictObject({ ...said, reason: why.default('no reason given') }),
  pause: z.strictObject({ ...wave, ...said }),
  resume: z.strictObject({ ...wave, ...said, reason: why.default('no reason given') }),
  abort: z.strictObject({ wave: wave.wave.optional(), ...said }),
  throttle: z.strictObject({
    by: who,
    reason: why.default('no reason given'),
    rate: z.union([z.number(), z.string(), z.null()], { error: 'rate is one such as 200MB/s, or null' }),
  }),
} as const satisfies Record<FleetMessage, z.ZodType>;

/** A fleet is handed on whole from run to run, and what people make has no other end. */
const mostFreezesMade = 50;

/** What becomes of a message; `each`: what it means for every migration that it is about. */
export type FleetJudgement =
  | { answer: string; each?: Record<string, string>; apply: () => void; refusal?: undefined }
  | { refusal: string; answer?: undefined; each?: undefined; apply?: undefined };

interface Input {
  wave?: string;
  by: string;
  reason: string;
  until?: string;
  anyway?: boolean;
  rate?: number | string | null;
}

/**
 * Judges an update or a signal. Changes nothing until `apply` is called. Never throws.
 * @param at now, ISO 8601
 * @param since whether a rule holds for this history; asked only where it makes a difference
 */
export function judgeFleet(
  fleet: Fleet,
  state: FleetState,
  name: FleetMessage,
  input: unknown,
  at: string,
  since: (rule: FleetRule) => boolean = () => true,
): FleetJudgement {
  const refuse = (refusal: string): FleetJudgement => ({ refusal });
  if (state.outcome) return refuse(`this fleet has ended: ${state.outcome.sentence}`);
  const read = shapes[name].safeParse(input ?? {});
  if (!read.success)
    return refuse(
      read.error.issues
        .map((issue) =>
          issue.code === 'unrecognized_keys'
            ? `${issue.keys.join(', ')} is not a key of ${name}`
            : issue.message,
        )
        .join('; '),
    );
  const { wave: of, by, reason, until, anyway, rate } = read.data as Input;
  const waves = fleet.shape.waves.map((one) => one.name);
  const there = of === undefined ? undefined : waveOf(state, of);
  if (of !== undefined && (!there || !waves.includes(of)))
    return refuse(`there is no wave ${JSON.stringify(of)}: the waves are ${waves.join(', ')}`);
  const saying: SaidOfFleet = { by, reason, at };
  const now = Date.parse(at);
  // What can only go on is not to stand still for ever.
  const letsGo = (name === 'thaw' || name === 'resume') && state.aborted && since('aborted-goes-on');
  if (state.aborted && name !== 'abort' && !letsGo)
    return refuse(`this fleet was aborted by ${state.aborted.by}`);
  switch (name) {
    case 'waveApproved': {
      if (!there || of === undefined) return refuse('wave names the wave');
      if (there.aborted) return refuse(`${of} was aborted by ${there.aborted.by}`);
      if (there.openedAt !== undefined) return { answer: `${of} has begun already`, apply: () => undefined };
      // Who approves it once more has taken nothing back.
      const atOnce = anyway === true || (there.approved?.anyway === true && since('keeps-anyway'));
      const approved = { ...saying, ...(atOnce && { anyway: true }) };
      const why = whyNotBegun(fleet, withWave(state, of, { ...there, approved }), of, now);
      return {
        answer:
          why === undefined
            ? `${of} is approved, and begins`
            : `${of} is approved, and begins when its time has come: ${why}`,
        apply: () => (there.approved = approved),
      };
    }
    case 'freeze': {
      if (Date.parse(until ?? '') <= now) return refuse('until is over already');
      if (!isRealDay(until ?? '') && since('real-days'))
        return refuse('until is a day that there is, and a time, such as 2026-12-24T08:00Z');
      const left = state.freezes.filter((one) => Date.parse(one.until) > now);
      const made = left.filter((one) => one.by !== undefined).length;
      // By the rule before, the first were forgotten, those of the file among them.
      const forgets = left.length > mostFreezesMade && !since('keeps-freezes');
      if (made >= mostFreezesMade && since('keeps-freezes'))
        return refuse(
          `${made} freezes that people have made are not over: end them by thaw before another is made`,
        );
      // What is over is forgotten; of several that are under way, the last to end counts.
      const freezes = [
        ...(forgets ? left.slice(-mostFreezesMade) : left),
        { from: at, until: until ?? at, by, reason },
      ];
      const longest = freezeNow({ freezes }, now);
      return {
        answer: `frozen until ${longest?.until}${longest?.until === until ? '' : ', by another freeze'}: every migration stops at its next safe point, and none starts`,
        each: eachOf(fleet, state, undefined, ({ wave: its }) =>
          waveOf(state, its)?.aborted
            ? { running: 'is being aborted, which no freeze stops', pending: 'does not start any more' }
            : { running: 'stops at its next safe point', pending: 'does not start until then' },
        ),
        apply: () => (state.freezes = freezes),
      };
    }
    case 'thaw': {
      if (!freezeNow(state, now)) return refuse('nothing is frozen now');
      const freezes = state.freezes.filter(({ from }) => Date.parse(from) > now);
      const after = { ...state, freezes };
      const paused = waves.filter((one) => waveOf(state, one)?.paused);
      return {
        answer: paused.length > 0 ? `goes on, but for what is paused: ${paused.join(', ')}` : 'goes on',
        each: eachOf(fleet, state, undefined, ({ wave: its }) => letGo(fleet, after, its, now)),
        apply: () => (state.freezes = freezes),
      };
    }
    case 'pause':
      if (!there) return refuse('wave names the wave');
      if (there.aborted) return refuse(`${of} was aborted by ${there.aborted.by}`);
      return {
        answer: there.paused ? `${of} is paused already` : `${of} pauses`,
        each: eachOf(fleet, state, of, () => ({
          ...{ running: 'stops at its next safe point', pending: 'does not start' },
        })),
        apply: () => (there.paused ??= saying),
      };
    case 'resume': {
      if (!there?.paused || of === undefined) return refuse(`${of} is not paused`);
      const { paused: _, ...resumed } = there;
      const after = withWave(state, of, resumed);
      const frozen = whyFrozen(state, now);
      return {
        answer: frozen === undefined ? `${of} goes on` : `${of} goes on when the freeze is over: ${frozen}`,
        each: eachOf(fleet, state, of, ({ wave: its }) => letGo(fleet, after, its, now)),
        apply: () => delete there.paused,
      };
    }
    case 'abort':
      if (there?.aborted ?? state.aborted)
        return { answer: 'it was aborted already', apply: () => undefined };
      return {
        answer: `aborts ${of ?? 'the fleet'}`,
        each: eachOf(fleet, state, of, () => ({
          running: 'is told to abort: what it made is taken back, unless its deletion has begun',
          pending: 'does not start any more',
        })),
        apply: () => {
          if (there) there.aborted = saying;
          else state.aborted = saying;
        },
      };
    case 'throttle': {
      const bytes = rate === null ? null : parseRate(rate);
      if (bytes === null && rate !== null)
        return refuse('rate is one such as 200MB/s, at least 1024 bytes a second, or null');
      const least = leastBudget(fleet.members);
      if (bytes !== null && bytes < least && since('budget-for-all'))
        return refuse(
          `rate is at least ${least} bytes a second here: a mirror copies no less than ${leastRate}, and all of them may copy at once`,
        );
      return {
        answer:
          bytes === null ? 'mirrors copy as fast as they can' : 'shared among the mirrors within seconds',
        apply: () => (state.budget = bytes),
      };
    }
  }
}

const withWave = (state: FleetState, wave: string, after: WaveState): FleetState => ({
  ...state,
  waves: { ...state.waves, [wave]: after },
});

/** Why a wave does not begin, a freeze among it; undefined: it does. */
function whyNotBegun(fleet: Fleet, state: FleetState, name: string, now: number): string | undefined {
  const of = fleet.shape.waves.find((one) => one.name === name);
  return (of && whyWaveWaits(fleet, state, of, now)) ?? whyFrozen(state, now);
}

/** What something means for a migration: for one that runs, and for one that has not begun. */
interface Means {
  running: string;
  pending: string;
}

/** One thing may hold it no more, and another still. */
function letGo(fleet: Fleet, after: FleetState, wave: string, now: number): Means {
  const held = whyHeld(after, wave, now);
  const why = whyNotBegun(fleet, after, wave, now);
  return {
    running: held === undefined ? 'goes on, unless a person has paused it' : `stays paused: ${held}`,
    pending: why === undefined ? 'may start' : `does not start yet: ${why}`,
  };
}

function eachOf(
  fleet: Fleet,
  state: FleetState,
  wave: string | undefined,
  means: (member: Member) => Means,
): Record<string, string> {
  const members = wave === undefined ? fleet.members : membersOf(fleet, wave);
  return Object.fromEntries(
    members.map((member) => {
      const { name } = member.migration;
      const at = memberOf(state, name);
      if (isEnded(at)) return [name, `has ended: ${at?.ended ?? at?.is}`];
      const { running, pending } = means(member);
      if (!at) return [name, pending];
      const { state: word = 'starting', step } = at.report ?? {};
      return [name, `${running} (${word}${step ? ` at ${step}` : ''})`];
    }),
  );
}
