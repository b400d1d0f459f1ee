import type { Finding } from '../../src/migration/findings.js';
import { offsetAt, type SourceOffsets } from '../../src/migration/offsets.js';
import { isMirrored, type Strategy } from '../../src/migration/strategies.js';
import type { Activities } from '../../src/migration/work/activities.js';
import { asks, blocks, type ScriptedCluster } from './scripted-cluster.js';

/** Somebody writes to the source before the n-th thing that is asked of it. */
export interface LateWriter {
  before: number;
  records: number;
  /** The same records are written to the target. */
  doubles: boolean;
}

type Name = keyof Activities;
type Answered = {
  [N in Name]?: (input: Parameters<Activities[N]>[0]) => Awaited<ReturnType<Activities[N]>>;
};

/**
 * The log of one partition of the source, and what has become of each record: read by the only group there, or elsewhere.
 * Answers as activities do, by what they document; everything else agrees.
 */
export class ModelledSource {
  private readonly elsewhere: boolean[] = [];
  private committed = 0;
  private groupIsHere = true;
  private targetHasWriter = false;
  private asked = 0;
  /** What was lost by the deletion, and which numbers a person had been shown and accepted by then. */
  deletion: { lost: number; accepted: number[] } | undefined;

  constructor(
    private readonly strategy: Strategy,
    private readonly writers: readonly LateWriter[],
  ) {
    this.write(20, false);
  }

  /** Answers what is asked of this cluster from now on. */
  answer(cluster: ScriptedCluster): void {
    for (const name of Object.keys(this.answers) as Name[]) {
      const answer = this.answers[name] as (input: unknown) => never;
      const again = (input: unknown): never => {
        cluster.next(name, again);
        this.tick();
        return answer(input);
      };
      cluster.next(name, again);
    }
  }

  private get end(): number {
    return this.elsewhere.length;
  }

  private write(records: number, doubles: boolean): void {
    for (let record = 0; record < records; record++) this.elsewhere.push(doubles);
  }

  private tick(): void {
    for (const { before, records, doubles } of this.writers)
      if (before === this.asked) this.write(records, doubles && this.strategy === 'doubleProducer');
    this.asked++;
    if (this.groupIsHere) this.committed = this.end;
  }

  private table(offset: number) {
    return { orders: [String(offset)] };
  }

  private alone(from: number, to: number): number {
    return this.elsewhere.slice(from, to).filter((twin) => !twin).length;
  }

  private late(ends: number): Finding[] {
    const more = this.end - ends;
    return more > 0 ? [asks(`late-record:orders+${more}`, `${more} records came late.`)] : [];
  }

  private unread(to: number): Finding[] {
    const left = to - this.committed;
    return left > 0 ? [asks(`unread:billing:orders+${left}@${to}`, `${left} records are unread.`)] : [];
  }

  private onSourceAlone(records: number, to: number): Finding[] {
    return records > 0 && this.committed < to
      ? [asks(`on-source-alone:orders+${records}@${to}`, `${records} records are alone.`)]
      : [];
  }

  private readonly answers: Answered = {
    watchQuiet: () => ({ state: 'quiet', ends: this.table(this.end), sentence: 'Quiet.' }),
    watchDoubling: () => ({ state: 'doubling', marks: this.table(this.end), sentence: 'Doubling.' }),
    watchDrain: ({ to, frozen, accepted = [] }) => {
      const end = offsetOf(to);
      if (frozen && this.end > end) return { state: 'grew', sentence: 'It grew.' };
      const findings = this.unread(end).filter(({ key }) => !accepted.includes(key));
      return findings.length > 0
        ? { state: 'asks', findings }
        : { state: 'drained', lag: [], sentence: 'Drained.' };
    },
    watchConsumers: ({ expected, to, frozen }) => {
      if (to && frozen && this.end > offsetOf(to)) return { state: 'grew', sentence: 'It grew.' };
      if (expected !== 'reads-both') this.groupIsHere = false;
      return { state: 'agrees', sentence: 'As expected.' };
    },
    watchTwins: ({ from, to, known = [] }) => {
      const [begin, end] = [offsetOf(from), offsetOf(to)];
      const records = this.alone(begin, end);
      const range = { topic: 'orders', partition: 0, from: String(begin), to: String(end), records };
      const alone = records > 0 ? [...known, range] : known;
      return {
        state: 'compared',
        alone,
        findings: this.onSourceAlone(
          alone.reduce((sum, one) => sum + one.records, 0),
          end,
        ),
        next: { source: to, target: {} },
        sentence: 'Compared.',
      };
    },
    watchMirror: ({ to, frozen }) => {
      const end = to ? offsetOf(to) : this.end;
      if (to && frozen && this.end > end) return { state: 'grew', sentence: 'It grew.' };
      this.elsewhere.fill(true, 0, end);
      return { state: 'caught-up', mirrored: this.table(end), sentence: 'Copied.' };
    },
    watchProducers: ({ ends, accepted = [] }) => {
      const late = this.late(offsetOf(ends)).filter(({ key }) => !accepted.includes(key));
      if (late.length > 0 && !this.targetHasWriter) return { state: 'grew', sentence: 'It grew.' };
      if (late.length > 0) return { state: 'asks', findings: late };
      this.targetHasWriter = true;
      return { state: 'writing', written: ['orders'], sentence: 'Written.' };
    },
    watchSoak: ({ ends, accepted = [] }) => {
      const late = this.late(offsetOf(ends)).filter(({ key }) => !accepted.includes(key));
      if (late.length > 0 && !isMirrored(this.strategy)) return { state: 'grew', sentence: 'It grew.' };
      return late.length > 0
        ? { state: 'asks', findings: late }
        : { state: 'watching', sentence: 'Nothing came.', carry: null };
    },
    finalCheck: ({ ends, marks, doubled }) => {
      const end = offsetOf(ends);
      const late = this.late(end);
      const alone = doubled
        ? doubled.alone.reduce((sum, { records }) => sum + records, 0)
        : this.alone(offsetOf(marks ?? ends), end);
      const findings = isMirrored(this.strategy)
        ? late
        : [
            ...late.map(() => blocks('grew:orders/0', 'It grew.')),
            ...this.unread(marks ? offsetOf(marks) : end),
            ...(marks ? this.onSourceAlone(alone, end) : []),
          ];
      return { findings, sentence: 'Checked.', manifest: [] };
    },
    deleteSource: ({ ends, accepted = [] }) => {
      const findings = this.late(offsetOf(ends ?? {})).filter(({ key }) => !accepted.includes(key));
      if (findings.length > 0) return { sentence: 'Nothing was deleted.', findings, begun: false };
      this.deletion = {
        lost: this.elsewhere.filter((twin, offset) => !twin && offset >= this.committed).length,
        accepted: accepted.flatMap((key) => /\+(\d+)/.exec(key)?.slice(1).map(Number) ?? []),
      };
      return { sentence: 'Deleted.' };
    },
  };
}

const offsetOf = (table: SourceOffsets): number => Number(offsetAt(table, 'orders', 0) ?? 0n);
