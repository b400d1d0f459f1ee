import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  log,
  setCurrentDetails,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import { judge, type Judgement } from '../../src/migration/claims.js';
import { detailsOf } from '../../src/migration/details.js';
import { targetGroup, targetName, type Migration } from '../../src/migration/file.js';
import type { MessageName } from '../../src/migration/messages.js';
import {
  currentStep,
  stepOf,
  type Evidence,
  type MigrationState,
  type Problem,
  type Step,
} from '../../src/migration/state.js';
import { statusOf } from '../../src/migration/status.js';
import type { StepId } from '../../src/migration/strategies.js';
import type { MadeOffsets } from '../../src/migration/work/offsets.js';
import type { Watch, Watched, Work } from '../../src/migration/work/work.js';
import { sliceMs } from './activities.js';
import { Mirror } from './mirror.js';
import { Aborted, Interrupted, Reopened, Skipped, type Blocked } from './turns.js';

/** How many refused messages are kept for a person to see. */
const refusedKept = 5;

/** One migration while it runs: its state, and the few ways in which a step may wait or move it. */
export class Run {
  #memo = '';
  /** Copies in the background, in the strategies that have it. */
  readonly mirror: Mirror;

  constructor(readonly state: MigrationState) {
    this.mirror = new Mirror(state, () => this.work());
  }

  get migration(): Migration {
    return this.state.migration;
  }

  get facts(): MigrationState['facts'] {
    return this.state.facts;
  }

  /** Keys of the findings that a person accepted. */
  get accepted(): string[] {
    return this.state.accepted.map(({ key }) => key);
  }

  /** What every activity is given. */
  work(): Work {
    return {
      migration: this.migration,
      topicIds: this.facts.topicIds,
      accepted: this.accepted,
    };
  }

  step(id: StepId): Step | undefined {
    return stepOf(this.state, id);
  }

  now(): string {
    return new Date().toISOString();
  }

  /** Starting offsets that the ferry has committed on the target: what an abort takes back. */
  madeOffsets({ group, topics, commits }: MadeOffsets): void {
    const known = this.facts.made.offsets.find((one) => one.group === group);
    if (!known) this.facts.made.offsets.push({ group, topics, ...(commits && { commits }) });
    else {
      known.topics = [...new Set([...known.topics, ...topics])];
      if (commits) known.commits = { ...known.commits, ...commits };
    }
  }

  // ── what people say ────────────────────────────────────────────────────────

  judge(name: MessageName, input: unknown): Judgement {
    return judge(this.state, name, input, this.now());
  }

  /** A signal: what is refused is shown instead of thrown, because a throwing signal handler would end the run. */
  hear(name: MessageName, input: unknown): void {
    const judgement = this.judge(name, input);
    if (judgement.refusal === undefined) {
      judgement.apply();
      this.show();
    } else this.ignore(name, judgement.refusal);
  }

  ignore(message: string, why: string): void {
    log.warn(`${message} ignored: ${why}`);
    this.state.refused = [...this.state.refused, { at: this.now(), message, why }].slice(-refusedKept);
    this.show();
  }

  // ── what a step does ───────────────────────────────────────────────────────

  begin(step: Step): void {
    step.status = 'active';
    step.startedAt ??= this.now();
    delete step.problem;
    delete step.says;
    log.info(`${step.id} begins`);
    this.show();
  }

  says(step: Step, status: 'active' | 'waiting', sentence: string): void {
    step.status = status;
    step.says = sentence;
    this.show();
  }

  saw(step: Step, evidence: Omit<Evidence, 'at'>): void {
    step.evidence.push({ at: this.now(), ...evidence });
  }

  close(step: Step, status: 'done' | 'skipped', evidence: Omit<Evidence, 'at'>): void {
    this.saw(step, evidence);
    step.status = status;
    step.says = evidence.sentence;
    step.endedAt = this.now();
    delete step.problem;
    delete step.openedAgain;
    this.state.decision = null;
    log.info(`${step.id} ${status}: ${evidence.sentence}`);
    this.show();
  }

  /** Waits for a person to decide about a problem. */
  async blocked(step: Step, problem: Problem): Promise<void> {
    this.mirror.told();
    step.status = 'blocked';
    step.problem = problem;
    log.warn(`${step.id} blocked: ${problem.sentence}`);
    this.show();
    // A mirror that fails meanwhile is told when the step begins again: it is one problem at a time.
    await this.#until(
      () => this.state.decision?.what === 'retry',
      () => this.#decided(),
    );
    this.state.decision = null;
    delete step.problem;
  }

  /** Opens a closed step again, with all that came after it: what relied on it has to be proved anew. */
  reopen(id: StepId, why: string): Reopened {
    const from = this.state.steps.findIndex((step) => step.id === id);
    for (const step of this.state.steps.slice(from)) {
      step.status = 'pending';
      delete step.startedAt;
      delete step.endedAt;
      delete step.says;
      delete step.problem;
      delete step.openedAgain;
      for (const part of step.parts ?? []) {
        delete part.claim;
        delete part.verified;
      }
    }
    const step = this.state.steps[from];
    if (step) {
      this.saw(step, { sentence: `Open again: ${why}` });
      step.openedAgain = { at: this.now(), why };
    }
    log.warn(`${id} is open again: ${why}`);
    this.show();
    return new Reopened(why);
  }

  // ── how a step waits ───────────────────────────────────────────────────────

  /** Goes on unless paused; stops here when aborted. */
  async goAhead(): Promise<void> {
    await this.until(() => true);
  }

  /** What was seen before a pause or an abort is not to be acted on. */
  insistUndisturbed(): void {
    const turn = this.#turn();
    if (turn) throw turn;
    if (this.state.paused) throw new Interrupted();
  }

  /**
   * Waits until `met`, and while paused. A wait like this adds nothing to history.
   * @returns false when `timeoutMs` ran out first.
   */
  async until(met: () => boolean, timeoutMs?: number): Promise<boolean> {
    return this.#until(met, () => this.#turn(), timeoutMs);
  }

  async #until(met: () => boolean, turnOf: () => Error | null, timeoutMs?: number): Promise<boolean> {
    const ready = () => turnOf() !== null || (this.state.paused === null && met());
    const inTime =
      timeoutMs === undefined ? (await condition(ready), true) : await condition(ready, timeoutMs);
    const turn = turnOf();
    if (turn) throw turn;
    return inTime;
  }

  /**
   * Calls a watching activity slice after slice until it has seen something. Pause, skip and abort stop it at once;
   * after a pause, or in a new run, nothing that was seen before counts.
   */
  async watch<T extends { state: string }>(
    step: Step,
    slice: (watch: Watch) => Promise<T>,
  ): Promise<Exclude<T, Extract<Watched<string, unknown>, { state: 'watching' }>>> {
    for (;;) {
      const seen = await this.watchUnless(() => false, slice, {
        firstMs: sliceMs,
        says: (sentence) => this.says(step, 'active', sentence),
      });
      if (seen) return seen;
    }
  }

  /**
   * The same until a person has said something: `null` then. What the first slice sees is told soon, so that people who
   * have said something know what it means.
   */
  async watchUnless<T extends { state: string }>(
    said: () => boolean,
    slice: (watch: Watch) => Promise<T>,
    { firstMs, says }: { firstMs: number; says: (sentence: string) => void },
  ): Promise<Exclude<T, Extract<Watched<string, unknown>, { state: 'watching' }>> | null> {
    type Seen = Exclude<T, Extract<Watched<string, unknown>, { state: 'watching' }>>;
    let carry: unknown;
    for (let length = firstMs; ; length = sliceMs) {
      const current = carry;
      const seen = await this.#interruptible(
        () => slice({ ...this.work(), sliceMs: length, carry: current }),
        said,
      );
      if (seen === null) return null;
      if (seen.state !== 'watching') return seen as Seen;
      const watching = seen as unknown as { sentence: string; carry: unknown };
      carry = watching.carry;
      says(watching.sentence);
      await this.startFreshHistory();
    }
  }

  /**
   * The same up to a moment, ms since the epoch: `null` when nothing has been seen until then. A slice that is answered
   * early is not asked for again at once.
   */
  async watchUntil<T extends { state: string }>(
    until: number,
    slice: (watch: Watch) => Promise<T>,
  ): Promise<Exclude<T, Extract<Watched<string, unknown>, { state: 'watching' }>> | null> {
    type Seen = Exclude<T, Extract<Watched<string, unknown>, { state: 'watching' }>>;
    let carry: unknown;
    for (let left = until - Date.now(); left > 0; left = until - Date.now()) {
      const began = Date.now();
      const length = Math.min(sliceMs, left);
      const current = carry;
      const seen = await this.#interruptible(() =>
        slice({ ...this.work(), sliceMs: length, carry: current }),
      );
      if (seen.state !== 'watching') return seen as Seen;
      carry = (seen as unknown as { carry: unknown }).carry;
      const early = began + length - Date.now();
      if (early > length / 10) await this.until(() => false, early);
      await this.startFreshHistory();
    }
    return null;
  }

  async #interruptible<T>(work: () => Promise<T>): Promise<T>;
  async #interruptible<T>(work: () => Promise<T>, said: () => boolean): Promise<T | null>;
  async #interruptible<T>(work: () => Promise<T>, said = () => false): Promise<T | null> {
    const scope = new CancellationScope();
    const bell = new CancellationScope();
    let interrupted = false;
    const listening = bell.run(async () => {
      await condition(() => this.state.paused !== null || this.#turn() !== null || said());
      interrupted = true;
      scope.cancel();
    });
    try {
      return await scope.run(work);
    } catch (error) {
      if (!interrupted || !isCancellation(error)) throw error;
      const turn = this.#turn();
      if (turn) throw turn;
      if (this.state.paused) throw new Interrupted();
      return null;
    } finally {
      bell.cancel();
      await listening.catch(() => undefined);
    }
  }

  /** What ends the present wait: something that a person has said, or a mirror that has failed. */
  #turn(): Aborted | Skipped | Blocked | null {
    return this.#decided() ?? this.mirror.failure;
  }

  #decided(): Aborted | Skipped | null {
    if (this.state.decision?.what === 'skip') return new Skipped(this.state.decision);
    return this.state.abort && !this.step('undo') ? new Aborted() : null;
  }

  /** A migration lasts weeks: before its history grows large it goes on in a new run, with the same state. */
  async startFreshHistory(): Promise<void> {
    if (!workflowInfo().continueAsNewSuggested) return;
    await this.mirror.halt();
    await condition(allHandlersFinished);
    const { migration, ...carried } = this.state;
    await continueAsNew(migration, carried);
  }

  // ── what people see ────────────────────────────────────────────────────────

  show(): void {
    setCurrentDetails(detailsOf(this.state));
    const { state, source, target } = statusOf(this.state);
    const step = currentStep(this.state);
    const migration = {
      source,
      target,
      topics: this.migration.topics.flatMap((topic) => [...new Set([topic.name, targetName(topic)])]),
      groups: this.migration.consumers.flatMap((consumer) => [
        ...new Set([consumer.group, targetGroup(consumer)]),
      ]),
      state,
      step: step?.id ?? null,
      startedAt: this.state.startedAt,
    };
    // Each change of the memo is an event of history, so it is written only when it says something new.
    const memo = JSON.stringify(migration);
    if (memo === this.#memo) return;
    this.#memo = memo;
    upsertMemo({ migration });
  }
}
