import { z } from 'zod';
import { controls } from '../migration/messages.js';
import { isHumanStep } from '../migration/strategies.js';
import type { Saying } from './account.js';
import type { InStep } from './in-steps.js';
import type { State } from './state-carried.js';

const text = z.string().optional().catch(undefined);
const input = z.looseObject({
  by: text,
  note: text,
  name: text,
  topic: text,
  override: z.object({ reason: z.string() }).optional().catch(undefined),
  accept: z.array(z.string()).optional().catch(undefined),
});

/** Between a signal and the moment at which the migration has looked at it, a worker may have been away. */
const lookedAtWithinMs = 60_000;

/**
 * Everything that people have said, in order. A signal that was refused is told as that where the state has kept it; what
 * is no message of a migration was refused too, and is told.
 */
export function sayingsIn(happened: readonly InStep[], refused: State['refused']): Saying[] {
  const whys = whyRefused(happened, refused);
  const replies = new Map(
    happened.flatMap(({ one }): [string, unknown][] => (one.what === 'replied' ? [[one.id, one.reply]] : [])),
  );
  return happened.flatMap((happening): Saying[] => {
    const { one, step } = happening;
    if (one.what !== 'said') return [];
    const { at, message, via, identity } = one;
    const told = input.safeParse(one.input ?? {}).data;
    const reply = via === 'update' ? replies.get(one.id) : undefined;
    return [
      {
        ...{ at, message, via, identity },
        by: told?.by ?? null,
        note: told?.note ?? null,
        name: told?.name ?? told?.topic ?? null,
        override: told?.override?.reason ?? null,
        accept: told?.accept ?? [],
        step: isHumanStep(message) ? message : step,
        reply: typeof reply === 'string' ? reply : null,
        refused: via === 'signal' ? (whys.get(happening) ?? unknownWhy(message)) : null,
      },
    ];
  });
}

/**
 * Which signals the state says it refused. Its times are those at which it has looked, by the same clock of Temporal's
 * server: one that counted may have come shortly before, and whoever is refused at the same moment is kept in order.
 */
function whyRefused(happened: readonly InStep[], refused: State['refused']): ReadonlyMap<InStep, string> {
  const whys = new Map<InStep, string>();
  for (const { at, message, why } of refused.toReversed()) {
    const signal = happened.findLast((happening) => {
      const { one } = happening;
      if (one.what !== 'said' || one.via !== 'signal' || whys.has(happening)) return false;
      const late = Date.parse(at) - Date.parse(one.at);
      // A longer name is kept by its beginning.
      return one.message.slice(0, 100) === message && late >= 0 && late <= lookedAtWithinMs;
    });
    if (signal) whys.set(signal, why);
  }
  return whys;
}

const unknownWhy = (message: string): string | null =>
  isHumanStep(message) || message in controls ? null : 'there is no such message';
