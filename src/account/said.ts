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
  const left = [...refused];
  const replies = new Map(
    happened.flatMap(({ one }): [string, unknown][] => (one.what === 'replied' ? [[one.id, one.reply]] : [])),
  );
  return happened.flatMap(({ one, step }): Saying[] => {
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
        refused: via === 'signal' ? whyRefused(left, message, at) : null,
      },
    ];
  });
}

function whyRefused(left: State['refused'], message: string, at: string): string | null {
  const said = Date.parse(at);
  const index = left.findIndex((one) => {
    const late = Date.parse(one.at) - said;
    return one.message === message && late >= -1_000 && late <= lookedAtWithinMs;
  });
  if (index >= 0) return left.splice(index, 1)[0]?.why ?? null;
  return isHumanStep(message) || message in controls ? null : 'there is no such message';
}
