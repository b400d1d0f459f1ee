import { patched } from '@temporalio/workflow';
import { isPassed, type Part, type Step, type Unverified } from '../../src/migration/state.js';
import { inFull } from '../../src/migration/listed.js';
import { few, named } from '../../src/migration/foreign-text.js';
import { stepKind, type HumanStepId } from '../../src/migration/strategies.js';
import { closesFor } from '../../src/migration/membership.js';
import { upkeepEveryMs } from '../../src/migration/upkeep.js';
import type { Run } from './run.js';
import { step } from './step.js';

const upkeepIn = ({ facts }: Run, { id }: Step) => ({
  ms: upkeepEveryMs(facts.offsetsKeptMs),
  summary: `waits for ${id}, until it looks after what is prepared`,
});

/** What the clusters say about a claim. */
export type Seen =
  | { agrees: true; sentence: string; data?: unknown; unverified?: Unverified }
  | { agrees: false; sentence: string };

export interface HumanStep {
  /** Measures what the claims for these producers, groups or topics say; not called when all of them are overridden. */
  check: (names: string[], entry: Step) => Promise<Seen>;
  /** Every claim was overridden: a person takes the responsibility. */
  whenOverridden?: (entry: Step) => Promise<Seen>;
  /** What a person has to know who is asked for these, beside the title of the step. */
  toKnow?: (names: readonly string[]) => string;
  /** Done when the step begins, and again and again while it waits: see `upkeepEveryMs`. */
  upkeep?: () => Promise<void>;
}

/** A step that a person does: closes when everybody has said so and what was measured agrees. */
export async function humanStep(run: Run, id: HumanStepId, human: HumanStep): Promise<void> {
  await step(run, id, async (entry) => {
    const parts = entry.parts ?? [];
    // What was verified before a pause or a failure is verified again.
    for (const part of parts) delete part.verified;
    await human.upkeep?.();
    let unlike = '';
    for (;;) {
      const due = await claimed(run, entry, human, unlike);
      const seen = await verdict(run, entry, human, due);
      // Somebody has overridden meanwhile what was measured.
      if (!seen) continue;
      unlike = seen.agrees ? '' : contradicted(run, entry, due, seen.sentence);
      if (!seen.agrees) continue;
      for (const part of due) part.verified = !part.claim?.override;
      const unverified = parts.some(({ claim }) => claim?.override) ? 'overridden' : seen.unverified;
      const evidence = (sentence: string) => ({
        sentence,
        ...(seen.data !== undefined && { data: seen.data }),
        ...(unverified && { unverified }),
      });
      if (!parts.every(isPassed)) run.saw(entry, evidence(seen.sentence));
      else if (due.length === parts.length)
        return evidence(`${seen.sentence} Said: ${inFull(parts.map(saidText), '; ', mostSaid)}.`);
      else {
        // Those that moved first were checked before a wait for the others: checks age.
        for (const part of parts) delete part.verified;
      }
    }
  });
}

/**
 * Waits until there are claims to check, looking after the preparation meanwhile.
 * @param unlike how what was measured contradicted the claims before; empty if it did not.
 */
async function claimed(run: Run, entry: Step, human: HumanStep, unlike: string): Promise<Part[]> {
  const parts = entry.parts ?? [];
  const due = () => parts.filter((part) => part.claim && !isPassed(part));
  const ready = () => (stepKind(entry.id).together ? parts.every(({ claim }) => claim) : due().length > 0);
  const unsaid = () => parts.flatMap(({ name, claim }) => (claim ? [] : [name]));
  // The hours of a fleet divide a wait, and what is prepared is looked after all the same.
  let upkeepAt = Date.now() + upkeepIn(run, entry).ms;
  while (!ready()) {
    if (run.isHeldBack('people')) {
      await run.inHours(entry, 'people', 'asks people from', ready);
      continue;
    }
    const missing = unsaid();
    const toKnow = human.toKnow?.(missing) ?? '';
    const asks = `${entry.title}: waiting for a person to say so for ${few(missing)}.${toKnow && ` ${toKnow}`}`;
    run.says(entry, 'waiting', unlike ? `${unlike} ${asks}` : asks);
    const { fleet } = run.state;
    const upkeep = upkeepIn(run, entry);
    const closesAt = closesFor(fleet, 'people', Date.now());
    const divided = closesAt !== undefined && patched('asks-within-hours');
    const said = () => unsaid().length < missing.length || (divided && run.state.fleet !== fleet);
    const ms = divided ? Math.max(1, Math.min(closesAt, upkeepAt) - Date.now()) : upkeep.ms;
    if (await run.until(said, { ...upkeep, ms })) continue;
    if (divided && Date.now() < upkeepAt) continue;
    upkeepAt = Date.now() + upkeep.ms;
    await run.startFreshHistory();
    await human.upkeep?.();
  }
  return due();
}

/** @returns undefined when a person has overridden meanwhile what was to be measured: it need not be waited for. */
async function verdict(run: Run, entry: Step, human: HumanStep, due: Part[]): Promise<Seen | undefined> {
  const left = due.filter(({ claim }) => !claim?.override);
  const measured = left.map(({ name }) => name);
  const overridden = (): boolean =>
    stepKind(entry.id).together
      ? left.every(({ claim }) => claim?.override)
      : left.some(({ claim }) => claim?.override);
  delete entry.contradicted;
  run.says(
    entry,
    'active',
    `${stepKind(entry.id).title}: said for ${few(due.map(({ name }) => name))}; checking the clusters.`,
  );
  if (measured.length > 0) return run.unless(overridden, () => human.check(measured, entry));
  return human.whenOverridden
    ? human.whenOverridden(entry)
    : { agrees: true, sentence: 'Not verified: the check was overridden.' };
}

/** A claim that what was measured contradicts is withdrawn: the step stays open and says what was seen. */
function contradicted(run: Run, entry: Step, due: Part[], seen: string): string {
  for (const part of due) if (!part.claim?.override) delete part.claim;
  const sentence = `Not so: ${seen}`;
  run.saw(entry, { sentence });
  entry.contradicted = { at: run.now(), why: seen };
  return sentence;
}

const mostSaid = 20;

/** The parts themselves hold all of it. */
function saidText({ name, claim }: Part): string {
  const by = claim?.by ? ` by ${claim.by}` : '';
  const overridden = claim?.override ? ` (overridden: ${claim.override.reason})` : '';
  return `${named(name)}${by}${overridden}`;
}
