import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { stringify } from 'yaml';
import type { FleetStatus } from '../../src/fleet/status.js';
import { fleetId } from '../../src/migration/membership.js';
import { workflowId } from '../../src/migration/messages.js';
import type { Strategy } from '../../src/migration/strategies.js';
import { inParallel } from '../../src/parallel/in-parallel.js';
import type { Lab } from '../lab.js';
import { rehearse, type Rehearsed } from '../rehearsal/rehearse.js';
import type { WorkerProcess } from '../rehearsal/worker-process.js';
import { Shop } from '../shop/shop.js';
import { runFerry } from '../shop/ferry-program.js';
import { brokenName, demoFleet, judged, judgedNames, shopMovers, type Mover } from './movers.js';
import { recordsOf, wrongTopics } from './moved.js';
import { sayWhatIsAsked } from './people.js';
import { ToldReceiver, type Told } from './told.js';

export interface FleetShown {
  migrations: number;
  waves: number;
  done: number;
  others: { name: string; ended: string }[];
  /** Of migrations with applications under load, by the ledger. */
  ledger: {
    strategy: Strategy;
    messages: number;
    lost: number;
    duplicates: number;
    reordered: number;
    promiseHeld: boolean;
    faults: string[];
  }[];
  /** What is wrong with topics of the others, as kafkajs sees them. */
  wrong: string[];
  /** Migrations that were not started exactly once. */
  notOnce: string[];
  told: Told;
  promiseHeld: boolean;
  workerKills: number;
  brokerKills: number;
  temporalKills: number;
  /** Migrations that stood still in the freeze. */
  frozen: number;
  /** Events of the fleet's history, of its last run. */
  events: number;
  seconds: number;
}

type Say = (line: string) => void;
const longMs = 30_000;
/** For a worker or a server that was killed to be back. */
const patienceMs = 120_000;

/** Runs a fleet of thirty migrations over the shop, with everything that goes wrong in life. */
export async function showFleet(
  lab: Lab,
  worker: WorkerProcess,
  messages: number,
  say: Say,
): Promise<FleetShown> {
  const began = Date.now();
  const receiver = await ToldReceiver.of(lab.ferryYaml);
  worker.start();
  const shop = await Shop.fill(lab.source);
  await shop.close();
  say('a shop of forty topics and eight teams is filled');
  const movers = shopMovers();
  const before = await recordsOf(
    lab.source,
    movers.map(({ topic }) => topic),
  );
  const connection = await Connection.connect({ address: lab.temporal.address });
  const client = new Client({ connection, namespace: lab.temporal.namespace });
  try {
    say(await runFerry(lab, 'setup'));
    const stage = new Stage(lab, worker, client, movers, receiver, say);
    const { rehearsed, fleet, frozen, brokerKills, temporalKills } = await stage.run(messages);
    const { outcome } = fleet;
    const wrong = await wrongTopics(lab, movers, before);
    const notOnce = await notStartedOnce(client, [
      ...movers.map(({ file }) => file.name),
      ...judged.map((strategy) => judgedNames(strategy).migration),
    ]);
    const ledger = rehearsed.map(
      ({ verdict: { lost, duplicates, reordered, promiseHeld, faults, produced } }, at) => ({
        strategy: judged[at] as Strategy,
        messages: produced.acknowledged,
        ...{ lost, duplicates, reordered, promiseHeld, faults },
      }),
    );
    const { historyLength } = await client.workflow.getHandle(fleetId('demo')).describe();
    const others = outcome?.others ?? [];
    // What is told last, a migration tells before it ends itself; the fleet may have ended by then.
    await inParallel(
      fleet.waves.flatMap(({ migrations }) => migrations),
      ({ name }) =>
        client.workflow
          .getHandle(workflowId(name))
          .result()
          .catch(() => undefined),
    );
    const told = receiver.count(
      fleet.waves.flatMap(({ migrations }) =>
        migrations.map(({ name }) => ({
          name,
          result: others.some((one) => one.name === name) ? ('aborted' as const) : ('done' as const),
        })),
      ),
    );
    const shown: FleetShown = {
      migrations: fleet.waves.reduce((sum, { of }) => sum + of, 0),
      waves: fleet.waves.length,
      done: outcome?.done ?? 0,
      others,
      ...{ ledger, wrong, notOnce, told, frozen, brokerKills, temporalKills },
      promiseHeld:
        ledger.every(({ promiseHeld }) => promiseHeld) &&
        wrong.length === 0 &&
        notOnce.length === 0 &&
        told.missing.length + told.again.length + told.unsigned === 0 &&
        others.map(({ name }) => name).join() === brokenName,
      workerKills: worker.kills,
      events: historyLength,
      seconds: Math.round((Date.now() - began) / 100) / 10,
    };
    say(
      [
        `${shown.done} of ${shown.migrations} migrations done in ${shown.waves} waves; ${brokenName} was aborted.`,
        ...ledger.map(
          (one) =>
            `The ledger of ${one.strategy}: ${one.messages} messages, ${one.lost} lost, ${one.duplicates} processed twice, ${one.reordered} out of order.`,
        ),
        ...wrong,
        ...notOnce.map((name) => `${name} was not started exactly once.`),
        `People were told of ${told.notices} things by ${told.requests} requests: ${Object.entries(
          told.events,
        )
          .map(([event, count]) => `${count} ${event}`)
          .join(', ')}; ${told.unsigned} without a signature.`,
        ...told.again.map((what) => `Told again: ${what}.`),
        ...told.missing.map((what) => `Not told as it should be: ${what}.`),
        shown.promiseHeld ? 'The promise held.' : 'The promise was BROKEN.',
        `${shown.events} events of the fleet's history, ${shown.seconds} s, worker killed ${shown.workerKills} times, brokers ${brokerKills}, Temporal ${temporalKills}, ${frozen} migrations stood still in the freeze.`,
      ].join('\n'),
    );
    return shown;
  } finally {
    await connection.close();
    await receiver.close();
  }
}

/** What happens on the way, each once. */
class Stage {
  #frozen = 0;
  #brokerKills = 0;
  #temporalKills = 0;
  readonly #happened = new Set<string>();

  constructor(
    private readonly lab: Lab,
    private readonly worker: WorkerProcess,
    private readonly client: Client,
    private readonly movers: readonly Mover[],
    private readonly receiver: ToldReceiver,
    private readonly say: Say,
  ) {}

  async run(messages: number): Promise<{
    rehearsed: Rehearsed[];
    fleet: FleetStatus;
    frozen: number;
    brokerKills: number;
    temporalKills: number;
  }> {
    const { lab, worker, say } = this;
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    let ready = 0;
    const rehearsals = judged.map((strategy) =>
      rehearse({
        ...{ lab, worker, strategy, messages, name: judgedNames(strategy).migration },
        rate: 100,
        ...(strategy === 'simpleMirroring' && { history: 2 * messages }),
        start: async () => {
          ready += 1;
          await begun;
          await this.#started(judgedNames(strategy).migration);
        },
      }),
    );
    const all = Promise.all(rehearsals);
    all.catch(() => undefined);
    while (ready < judged.length) await Promise.race([sleep(200), all]);
    say('the applications of three migrations are at work');
    const path = join(lab.folder, 'fleet.yaml');
    writeFileSync(path, stringify(demoFleet(this.movers, () => ({}))));
    say(await runFerry(lab, 'fleet', 'start', path));
    begin();
    const fleet = await this.#untilEnded();
    return {
      ...{ rehearsed: await all, fleet, frozen: this.#frozen },
      ...{ brokerKills: this.#brokerKills, temporalKills: this.#temporalKills },
    };
  }

  async #started(name: string): Promise<void> {
    const handle = this.client.workflow.getHandle(workflowId(name));
    for (;;) {
      const there = await handle.describe().then(
        () => true,
        () => false,
      );
      if (there) return;
      await sleep(500);
    }
  }

  async #untilEnded(): Promise<FleetStatus> {
    const ours = new Set(this.movers.map(({ file }) => file.name));
    let told = '';
    for (;;) {
      const status = await this.#status();
      if (!status) continue;
      const line = Object.entries(status.counts)
        .map(([word, count]) => `${count} ${word}`)
        .join(', ');
      if (line !== told) this.say(`  ${(told = line)}`);
      this.#tellLong(status);
      if (status.outcome) return status;
      await this.#interfere(status);
      await sayWhatIsAsked(this.client, status, (name) => ours.has(name));
      await sleep(500);
    }
  }

  /** What waits for people for longer than they take. */
  #tellLong({ waiting }: FleetStatus): void {
    for (const { name, state, step, since, says } of waiting) {
      const key = `${name} ${step} ${state}`;
      if (Date.now() - Date.parse(since) < longMs || this.#happened.has(key)) continue;
      this.#happened.add(key);
      this.say(`  ${name} is ${state} at ${step}: ${says}`);
    }
  }

  /** Nothing while the worker is away. */
  async #status(): Promise<FleetStatus | undefined> {
    try {
      return await this.client.workflow.getHandle(fleetId('demo')).query<FleetStatus>('status');
    } catch {
      await sleep(500);
      return undefined;
    }
  }

  async #interfere(status: FleetStatus): Promise<void> {
    const [, second, third, fourth] = status.waves;
    const begun = (wave: typeof second): boolean =>
      wave?.migrations.some(({ state }) => state !== 'pending') ?? false;
    const rows = status.waves.flatMap(({ migrations }) => migrations);
    await this.#once(
      'worker',
      status.waves[0]?.migrations.some(({ state }) => state === 'starting' || state === 'running') ?? false,
      async () => {
        await this.worker.kill();
        this.receiver.killed();
        this.say('  the worker is killed (SIGKILL) while the first wave starts, and another one started');
        this.worker.start();
      },
    );
    await this.#once(
      'broker',
      rows.some(({ copying }) => copying === 'history' || copying === 'following'),
      async () => {
        const [broker] = this.lab.source.brokers;
        await broker?.kill();
        this.say('  the broker of the source is killed (SIGKILL) while mirrors copy, and started again');
        await broker?.start();
        this.#brokerKills += 1;
      },
    );
    await this.#once('freeze', begun(second), async () => {
      const until = new Date(Date.now() + 3_600_000).toISOString();
      this.say(await this.#ferry('fleet', 'freeze', 'demo', '--until', until, '--reason', 'a sale'));
      const frozen = await this.#frozenAll();
      this.say(`  ${frozen} migrations stand still`);
      this.#frozen = frozen;
      this.say(await this.#ferry('fleet', 'thaw', 'demo'));
    });
    await this.#once('worker again', begun(third), async () => {
      await this.worker.kill();
      this.receiver.killed();
      this.say('  the worker is killed (SIGKILL) while the third wave starts, and another one started');
      this.worker.start();
    });
    await this.#once('approve', fourth?.state === 'waits' && begun(third), async () => {
      this.say(await this.#ferry('fleet', 'approve', 'demo', 'wave-4', '--reason', 'it goes well'));
      this.say(await this.#ferry('fleet', 'throttle', 'demo', '30MB/s'));
    });
    await this.#once('temporal', begun(fourth), async () => {
      await this.lab.temporal.kill();
      this.receiver.killed();
      await this.lab.temporal.start();
      this.#temporalKills += 1;
      this.say('  Temporal is killed (SIGKILL) while the fourth wave starts, and started again');
    });
    const left = rows.filter(({ state }) => !['done', 'aborted', 'left'].includes(state));
    await this.#once(
      'broken',
      left.length > 0 && left.every(({ name, state }) => name === brokenName && state === 'blocked'),
      async () => {
        this.say(await this.#ferry('abort', brokenName, '--note', 'there is no such topic'));
      },
    );
  }

  /** A person who is told that no worker answers says it again in a moment. */
  async #ferry(...words: string[]): Promise<string> {
    for (const deadline = Date.now() + patienceMs; ;) {
      try {
        return await runFerry(this.lab, ...words);
      } catch (error) {
        if (!/did not answer|No worker answers/.test(String(error)) || Date.now() > deadline) throw error;
        await sleep(1_000);
      }
    }
  }

  async #once(what: string, when: boolean, act: () => Promise<void>): Promise<void> {
    if (!when || this.#happened.has(what)) return;
    this.#happened.add(what);
    await act();
  }

  /** Every migration that runs has stopped at a safe point; one that is blocked stands still anyhow. */
  async #frozenAll(): Promise<number> {
    for (;;) {
      const status = await this.#status();
      const rows = status?.waves.flatMap(({ migrations }) => migrations) ?? [];
      const under = rows.filter(({ state }) => !['pending', 'done', 'aborted', 'left'].includes(state));
      if (status && under.length > 0 && under.every(({ state }) => state === 'paused' || state === 'blocked'))
        return under.length;
      await sleep(500);
    }
  }
}

/** By what Temporal lists of each: a run that went on in another is no second start. */
async function notStartedOnce(client: Client, names: readonly string[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const name of names) {
    let runs = 0;
    const query = `WorkflowId = "${workflowId(name)}" AND ExecutionStatus != "ContinuedAsNew"`;
    for await (const _ of client.workflow.list({ query })) runs += 1;
    if (runs !== 1) wrong.push(name);
  }
  return wrong;
}
