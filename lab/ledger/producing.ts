import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { journalName, type ProducerEntry } from './entries.js';
import { Journal } from './journal.js';
import { encode } from './message.js';
import { Numbering } from './numbering.js';
import { type Manner, Outlet } from './outlet.js';
import { Pace } from './pace.js';
import { otherSide, type ProducerConfig, type ProducerStatus, type Side, sides } from './settings.js';

/** The producing application of a ledger: what runs in `producer.ts`. */
export class Producing {
  private writes: Side[];
  private readonly counts = { acknowledged: 0, aborted: 0, uncertain: 0, inFlight: 0 };
  private readonly acknowledgedBy = { source: 0, target: 0 };
  private lastAcknowledgedAt: number | null = null;
  private stopping = false;
  private turn: Promise<unknown> = Promise.resolve();
  private readonly pace: Pace;
  private readonly loop: Promise<void>;

  private constructor(
    private readonly config: ProducerConfig,
    private readonly journal: Journal<ProducerEntry>,
    private readonly numbering: Numbering,
    private readonly problems: Record<Side, string | null>,
    private readonly outlets: Map<Side, Outlet>,
  ) {
    this.writes = [...outlets.keys()];
    this.pace = new Pace(config);
    this.loop = this.run();
  }

  /** @throws Error one sentence when a cluster does not let it in. */
  static async start(config: ProducerConfig): Promise<Producing> {
    const { name, folder, source, target, keys = 100, writes = 'source' } = config;
    const path = join(folder, journalName('producer', name));
    const journal = new Journal<ProducerEntry>(path);
    const numbering = await Numbering.resume(name, keys, path);
    const topics = { ...(source && { source: source.topic }), ...(target && { target: target.topic }) };
    journal.append({ is: 'producer', at: Date.now(), name, topics });
    const to: Side[] = writes === 'both' ? [...sides] : [writes];
    const problems: Record<Side, string | null> = { source: null, target: null };
    const outlets = new Map<Side, Outlet>();
    for (const side of to) outlets.set(side, await openOutlet(side, config, problems));
    return new Producing(config, journal, numbering, problems, outlets);
  }

  /** Finishes what is in flight, then writes only to the other cluster. */
  async switch(): Promise<void> {
    const [from, second] = this.writes;
    if (!from || second)
      throw new Error(`The producer ${this.config.name} writes both clusters: use stopOld.`);
    await this.write([otherSide(from)]);
  }

  /** Every message goes to both clusters, with the same id. */
  writeBoth(): Promise<void> {
    return this.write([...sides]);
  }

  stopOld(): Promise<void> {
    return this.write(['target']);
  }

  /** Finishes what is in flight; what then has no answer stays uncertain. */
  async stop(): Promise<ProducerStatus> {
    this.stopping = true;
    await this.loop;
    await this.turn;
    await Promise.all([...this.outlets.values()].map((outlet) => outlet.close()));
    this.journal.close();
    return this.status();
  }

  status(): ProducerStatus {
    const { name } = this.config;
    const [first = 'source', second] = this.writes;
    return {
      name,
      writes: second ? 'both' : first,
      ...this.counts,
      acknowledgedBy: { ...this.acknowledgedBy },
      lastAcknowledgedAt: this.lastAcknowledgedAt,
      finished: this.pace.isFinished() && this.counts.inFlight === 0,
      problem: this.problems.source ?? this.problems.target,
    };
  }

  private async write(to: Side[]): Promise<void> {
    for (const side of to)
      if (!this.outlets.has(side)) this.outlets.set(side, await openOutlet(side, this.config, this.problems));
    await this.inTurn(async () => {
      this.writes = to;
      for (const side of sides.filter((each) => !to.includes(each))) {
        await this.outlets.get(side)?.close();
        this.outlets.delete(side);
        this.problems[side] = null;
      }
    });
  }

  private async run(): Promise<void> {
    while (!this.stopping && !this.pace.isFinished()) {
      const due = this.pace.due();
      if (due === 0) await sleep(this.pace.pauseMs);
      else await this.inTurn(() => this.deliver(due));
    }
  }

  // The next batch starts when every cluster has answered for this one: that keeps order per key.
  private async deliver(size: number): Promise<void> {
    const manner = this.pace.manner();
    const { batch, messages } = this.numbering.next(size);
    const { messageBytes = 200, headers = false } = this.config;
    this.journal.append({
      is: 'batch',
      at: Date.now(),
      batch,
      to: this.writes,
      from: messages[0]?.number ?? 0,
      keys: messages.map(({ key }) => key),
      sequences: messages.map(({ sequence }) => sequence),
    });
    this.counts.inFlight = size;
    const encoded = messages.map((message) => encode(message, messageBytes, headers));
    const outcomes = await Promise.all(
      this.writes.map((side) => this.deliverTo(side, batch, encoded, manner)),
    );
    const [first = 'uncertain'] = outcomes;
    const fate = outcomes.every((outcome) => outcome === first) ? first : 'uncertain';
    this.counts[fate === 'committed' ? 'acknowledged' : fate] += size;
    this.counts.inFlight = 0;
    if (manner !== 'abort') this.pace.written(size);
  }

  private async deliverTo(side: Side, batch: number, encoded: ReturnType<typeof encode>[], manner: Manner) {
    const outlet = this.outlets.get(side);
    if (!outlet) throw new Error(`not connected to the ${side}`);
    const outcome = await outlet.deliver(encoded, manner);
    this.journal.append({ is: 'outcome', at: Date.now(), batch, side, outcome });
    if (outcome === 'committed') {
      this.acknowledgedBy[side] += encoded.length;
      this.lastAcknowledgedAt = Date.now();
    }
    return outcome;
  }

  private inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    const result = this.turn.then(action);
    this.turn = result.catch(() => undefined);
    return result;
  }
}

async function openOutlet(
  side: Side,
  config: ProducerConfig,
  problems: Record<Side, string | null>,
): Promise<Outlet> {
  const outlet = new Outlet(side, config, (problem) => {
    problems[side] = problem;
  });
  try {
    await outlet.open();
  } catch (error) {
    throw new Error(outlet.sentence(error), { cause: error });
  }
  return outlet;
}
