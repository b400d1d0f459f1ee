import { condition, log, patched } from '@temporalio/workflow';
import { judge, type Rule } from '../../src/migration/claims.js';
import { addEvidence } from '../../src/migration/evidence.js';
import type { Migration } from '../../src/migration/file.js';
import { fleetSignal, heldBackFor, readMembership } from '../../src/migration/membership.js';
import type { Judgement } from '../../src/migration/judgement.js';
import type { MessageName } from '../../src/migration/messages.js';
import {
  stepOf,
  type Evidence,
  type MigrationState,
  type Problem,
  type Step,
} from '../../src/migration/state.js';
import type { StepId } from '../../src/migration/strategies.js';
import type { MadeOffsets } from '../../src/migration/work/offsets.js';
import type { Work } from '../../src/migration/work/work.js';
import { interruptible } from './interruptible.js';
import { Mirror } from './mirror.js';
import { keptAccount } from './kept-account.js';
import { NewRun } from './new-run.js';
import { countRefused, keepRefused } from './refused.js';
import { Shown } from './shown.js';
import { Teller } from './teller.js';
import { Aborted, Interrupted, Moot, Reopened, Skipped, type Blocked } from './turns.js';

/** How long a wait may take, and what the timeline of the web UI calls it. */
interface Timer {
  ms: number;
  summary: string;
}

/** One migration while it runs: its state, and the few ways in which a step may wait or move it. */
export class Run {
  /** Whether what is watched now need not be waited for any more. */
  #moot: () => boolean = () => false;
  /** Copies in the background, in the strategies that have it. */
  readonly mirror: Mirror;
  readonly #shown: Shown;
  readonly #teller: Teller;
  readonly #newRun: NewRun;

  constructor(readonly state: MigrationState) {
    this.mirror = new Mirror(state, () => this.work());
    this.#shown = new Shown(state);
    this.#teller = new Teller(state);
    this.#newRun = new NewRun(state, async () => {
      const tellsAll = patched('told-before-new-run');
      // The mirror copies on meanwhile.
      if (tellsAll) await this.#teller.halt();
      await this.mirror.halt();
      if (!tellsAll) await this.#teller.haltSoon();
      if (state.fleet) await this.#shown.told();
    });
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
  madeOffsets(made: MadeOffsets): void {
    const { group, topics = [], commits } = made;
    const known = this.facts.made.offsets.find((one) => one.group === group);
    if (!known || made.positions)
      this.facts.made.offsets = [...this.facts.made.offsets.filter((one) => one !== known), made];
    else {
      // Answered by a ferry of before: what it has made lately, and not all of it.
      known.topics = [...new Set([...(known.topics ?? []), ...topics])];
      if (commits) known.commits = { ...known.commits, ...commits };
    }
  }

  // ── what people say ────────────────────────────────────────────────────────

  /** @param since whether a rule that came later holds: a history that is older goes on by the rules that it began with */
  judge(name: MessageName, input: unknown, since?: (rule: Rule) => boolean): Judgement {
    return judge(this.state, name, input, this.now(), since);
  }

  /** An update, which its validator has let pass: the answer. */
  answer(name: MessageName, input: unknown): string {
    this.#newRun.answered();
    const judgement = this.judge(name, input, patched);
    if (judgement.refusal !== undefined) return judgement.refusal;
    judgement.apply();
    this.show();
    return judgement.answer;
  }

  /** A signal: what is refused is shown instead of thrown, because a throwing signal handler would end the run. */
  hear(name: MessageName, input: unknown): void {
    const judgement = this.judge(name, input, patched);
    if (judgement.refusal === undefined) {
      judgement.apply();
      this.show();
    } else this.ignore(name, judgement.refusal);
  }

  /** What a fleet says of itself: it has started this migration, or found it running. */
  joins(input: unknown): void {
    const fleet = readMembership(input);
    if (!fleet) return this.ignore(fleetSignal, 'it is said by fleets alone, with what they are');
    if (this.state.outcome) return;
    this.state.fleet = fleet;
    this.#shown.toldAnew();
    this.show();
  }

  /** Nothing is left that the fleet has not been told. */
  async lastWord(): Promise<void> {
    await this.#shown.told();
  }

  ignore(message: string, why: string): void {
    log.warn(`${message} ignored: ${why}`);
    countRefused(message, 'signal');
    keepRefused(this.state, message, why);
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
    addEvidence(step, { at: this.now(), ...evidence });
  }

  close(step: Step, status: 'done' | 'skipped', evidence: Omit<Evidence, 'at'>): void {
    this.saw(step, evidence);
    step.status = status;
    step.says = evidence.sentence;
    step.endedAt = this.now();
    delete step.problem;
    delete step.openedAgain;
    delete step.contradicted;
    if (evidence.unverified) step.unverified = evidence.unverified;
    this.state.decision = null;
    log.info(`${step.id} ${status}: ${evidence.sentence}`);
    this.show();
  }

  /** Waits for a person to decide about a problem. */
  async blocked(step: Step, problem: Problem): Promise<void> {
    this.mirror.told();
    step.status = 'blocked';
    step.problem = { since: this.now(), ...problem };
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
      delete step.contradicted;
      delete step.unverified;
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
   * @returns false when the time of `timer` ran out first.
   */
  async until(met: () => boolean, timer?: Timer): Promise<boolean> {
    return this.#until(met, () => this.#turn(), timer);
  }

  async #until(met: () => boolean, turnOf: () => Error | null, timer?: Timer): Promise<boolean> {
    const over = () => turnOf() !== null || (this.state.paused === null && met());
    const ready = () => over() || this.#newRun.isOverdue();
    const inTime = timer
      ? await condition(ready, timer.ms, { summary: timer.summary })
      : (await condition(ready), true);
    if (inTime && !over()) await this.#newRun.begin();
    const turn = turnOf();
    if (turn) throw turn;
    return inTime;
  }

  isHeldBack(what: 'people' | 'deletions'): boolean {
    return heldBackFor(this.state.fleet, what, Date.now()) > 0;
  }

  /** Waits until the fleet lets it ask people, or delete: outside its hours nobody is there. */
  async inHours(
    step: Step,
    what: 'people' | 'deletions',
    until: string,
    moot: () => boolean = () => false,
  ): Promise<void> {
    for (;;) {
      const { fleet } = this.state;
      const left = heldBackFor(fleet, what, Date.now());
      if (left <= 0 || moot()) return;
      const opens = new Date(Date.now() + left).toISOString();
      this.says(step, 'active', `Outside the hours of ${fleet?.id}: ${until} ${opens.slice(0, 16)}Z.`);
      await this.until(() => this.state.fleet !== fleet || moot(), {
        ms: left,
        summary: `waits for the hours of ${fleet?.id}`,
      });
    }
  }

  /**
   * Does this unless, or until, nobody needs it any more.
   * @returns undefined when a watch was given up for that.
   */
  async unless<T>(moot: () => boolean, work: () => Promise<T>): Promise<T | undefined> {
    this.#moot = moot;
    try {
      return await work();
    } catch (error) {
      if (error instanceof Moot) return undefined;
      throw error;
    } finally {
      this.#moot = () => false;
    }
  }

  /** What takes long is stopped by a pause, a skip and an abort at once, and begins again with its step. */
  stoppable<T>(work: () => Promise<T>): Promise<T>;
  /** @returns null when it was stopped by what `said` has asked for */
  stoppable<T>(work: () => Promise<T>, said: () => boolean): Promise<T | null>;
  stoppable<T>(work: () => Promise<T>, said = () => false): Promise<T | null> {
    return interruptible(
      work,
      () => this.state.paused !== null || this.#turn() !== null || this.#newRun.isOverdue() || said(),
      () => {
        const turn = this.#turn();
        if (turn) throw turn;
        // A history that has become long is seen to when the step begins again.
        if (this.state.paused || !said()) throw new Interrupted();
        return null;
      },
    );
  }

  /** What ends the present wait: something that a person has said, or a mirror that has failed. */
  #turn(): Aborted | Skipped | Blocked | Interrupted | Moot | null {
    if (this.#moot()) return this.#decided() ?? new Moot();
    return this.#decided() ?? (this.state.afresh ? new Interrupted() : this.mirror.failure);
  }

  #decided(): Aborted | Skipped | null {
    if (this.state.decision?.what === 'skip') return new Skipped(this.state.decision);
    return this.state.abort && !this.step('undo') ? new Aborted() : null;
  }

  async startFreshHistory(): Promise<void> {
    if (this.#newRun.isDue()) await this.#newRun.begin();
  }

  // ── what people see ────────────────────────────────────────────────────────

  show(): void {
    this.#shown.changed();
    this.#teller.changed();
  }

  /** It has ended: whoever is told of that, and the report, are waited for, some minutes at most. */
  async told(): Promise<void> {
    await Promise.all([this.#teller.ended(), keptAccount(this.state, this.work())]);
  }
}
