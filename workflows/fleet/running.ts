import { log, patched, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { fleetDetails } from '../../src/fleet/details.js';
import type { Fleet } from '../../src/fleet/file.js';
import { judgeFleet, type FleetJudgement, type FleetMessage } from '../../src/fleet/messages.js';
import type { FleetRule } from '../../src/fleet/moves.js';
import { isEnded, memberOf, type FleetState, type MemberState } from '../../src/fleet/state.js';
import { fleetStatusOf, type FleetStatus } from '../../src/fleet/status.js';
import { readReport, type FleetReport } from '../../src/migration/fleet-report.js';
import { keepRefused } from '../steps/refused.js';
import { atTheEndOfTheMoment } from '../steps/at-the-end-of-the-moment.js';

/** A fleet while it runs: what it knows, and the few ways in which that changes. */
export class Running {
  /** Messages that this run has taken. */
  heard = 0;
  #changed = false;
  #showDue = false;

  constructor(
    readonly fleet: Fleet,
    readonly state: FleetState,
  ) {}

  /** Whether something has changed since it was last looked at. */
  get changed(): boolean {
    return this.#changed;
  }

  /** What follows from all that has changed until now is looked at. */
  rests(): void {
    this.#changed = false;
  }

  now(): string {
    return new Date().toISOString();
  }

  status(): FleetStatus {
    return fleetStatusOf(this.fleet, this.state, Date.now());
  }

  /** @param since whether a rule that came later holds: a history that is older goes on by the rules that it began with */
  judge(name: FleetMessage, input: unknown, since?: (rule: FleetRule) => boolean): FleetJudgement {
    return judgeFleet(this.fleet, this.state, name, input, this.now(), since);
  }

  answer(name: FleetMessage, input: unknown): { answer: string; each: Record<string, string> } {
    this.heard += 1;
    const { refusal, answer, each = {}, apply } = this.judge(name, input, patched);
    if (refusal !== undefined) return { answer: refusal, each: {} };
    apply();
    log.info(`${name}: ${answer}`);
    this.changes();
    return { answer, each };
  }

  hear(name: FleetMessage, input: unknown): void {
    this.heard += 1;
    const { refusal, apply } = this.judge(name, input, patched);
    if (refusal === undefined) apply();
    else keepRefused(this.state, name, refusal);
    this.changes();
  }

  ignore(name: string, why: string): void {
    this.heard += 1;
    keepRefused(this.state, name, why);
    this.show();
  }

  /** What a migration tells of itself; late ones, of before it ended, count for nothing. */
  reported(input: unknown): void {
    this.heard += 1;
    const report = readReport(input);
    const at = report && memberOf(this.state, report.name);
    if (!at || isEnded(at)) return;
    this.knows(at, report);
  }

  knows(at: MemberState, { name: _, ...report }: FleetReport): void {
    at.report = report;
    at.heardAt = this.now();
    if (at.is === 'starting') at.is = 'started';
    if (report.state === 'done' || report.state === 'aborted') this.ends(at, report.state);
    this.changes();
  }

  ends(at: MemberState, ended: string): void {
    at.is = 'ended';
    at.ended = ended.slice(0, 200);
    at.heardAt = this.now();
    delete at.told;
    this.changes();
  }

  opens(wave: string): void {
    const there = this.state.waves[wave];
    if (there) there.openedAt ??= this.now();
    log.info(`${wave} begins`);
    this.changes();
  }

  /** @param why where it is not that its wave was aborted */
  leaves(name: string, why = 'left'): void {
    this.state.migrations[name] = { is: 'left', at: this.now(), ended: why.slice(0, 500) };
    this.changes();
  }

  changes(): void {
    this.#changed = true;
    this.show();
  }

  /** Once for all that happens at one moment: a thousand reports may come at once. */
  show(): void {
    if (this.#showDue) return;
    this.#showDue = true;
    atTheEndOfTheMoment(() => {
      this.#showDue = false;
      setCurrentDetails(fleetDetails(this.status(), workflowInfo().namespace));
    });
  }
}
