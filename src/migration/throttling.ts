import { addEvidence } from './evidence.js';
import { mirrorKind } from './file.js';
import { already, refuse, type Judgement } from './judgement.js';
import { isFleetsWord } from './membership.js';
import type { Control } from './messages.js';
import { formatRate } from './rate.js';
import { currentStep, type MigrationState } from './state.js';
import { isMirrored } from './strategies.js';

/** A mirror that copies heeds it within seconds. What the fleet gives each of its mirrors is kept beside what a person says. */
export function judgeThrottle(state: MigrationState, { by, note, rate }: Control, at: string): Judgement {
  const { migration, fleet } = state;
  if (by === undefined) return refuse('throttle needs by: who says so');
  if (rate === undefined)
    return refuse('throttle needs rate: {"by":"…","rate":"20MB/s"}, or null for as the file says');
  if (!isMirrored(migration.strategy))
    return refuse(`${migration.strategy} has no mirror: nothing is copied`);
  if (mirrorKind(migration) === 'mirrormaker')
    return refuse(
      `MirrorMaker copies for this migration, and knows no rate: set a quota (producer_byte_rate) for its user on ${migration.target}`,
    );
  if (isFleetsWord({ by }) && by !== fleet?.id) return refuse(`this migration is not in ${by}`);
  const key = isFleetsWord({ by }) ? 'fleet' : 'own';
  const before = state.throttle?.[key];
  if (before === (rate ?? undefined)) return already('it is so already');
  const told = rate === null ? 'as fast as the file says' : `at most ${formatRate(rate)}`;
  const { [key]: _, ...others } = state.throttle ?? {};
  const throttle = { ...others, ...(rate !== null && { [key]: rate }) };
  return {
    answer: `copies ${told} within seconds${elsewhere(migration, throttle, fleet?.id)}`,
    apply: () => {
      state.throttle = throttle;
      const step = currentStep(state);
      if (step && key === 'own')
        addEvidence(step, { at, sentence: `Throttled by ${by}${note ? ` (${note})` : ''}: copies ${told}.` });
    },
  };
}

/** The least of all limits counts, and that may be another than was said last. */
function elsewhere(
  migration: MigrationState['migration'],
  throttle: NonNullable<MigrationState['throttle']>,
  fleet: string | undefined,
): string {
  const least = rateOf({ migration, throttle });
  const { own, fleet: given } = throttle;
  if (least === undefined || least === own) return '';
  if (least !== given)
    return own === undefined ? '' : `, and no faster than the file says: ${formatRate(least)}`;
  return `, and no faster than ${fleet ?? 'its fleet'} lets it: ${formatRate(given)}`;
}

/** Bytes a second that its mirror may copy now: the least of what the file, a person and the fleet say. */
export function rateOf({
  migration,
  throttle,
}: Pick<MigrationState, 'migration' | 'throttle'>): number | undefined {
  const said = [migration.copying.bytesPerSecond, throttle?.own, throttle?.fleet].flatMap(
    (rate) => rate ?? [],
  );
  return said.length > 0 ? Math.min(...said) : undefined;
}
