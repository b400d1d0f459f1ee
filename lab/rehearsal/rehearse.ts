import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { MigrationFile } from '../../src/migration/file.js';
import { workflowId } from '../../src/migration/messages.js';
import { defaultTaskQueue } from '../../src/migration/queues.js';
import type { Problem, Step } from '../../src/migration/state.js';
import type { Status } from '../../src/migration/status.js';
import type { StepId, Strategy } from '../../src/migration/strategies.js';
import type { Lab } from '../lab.js';
import type { Side, Verdict } from '../ledger/ledger.js';
import { Applications } from './applications.js';
import type { Stage } from './interference.js';
import { actAsAsked } from './person.js';
import { migrationOf, namesOf, schemasOf, type Names } from './script.js';
import type { WorkerProcess } from './worker-process.js';

export interface Rehearsal {
  lab: Lab;
  worker: WorkerProcess;
  strategy: Strategy;
  /** Names the migration, its topics and groups; each name once in a lab. */
  name: string;
  /** At least so many messages are written before the producers stop. */
  messages: number;
  /** So many messages are on the topic before the others: for strategies that bring them along. */
  history?: number;
  /** Addresses of the registries: values are Avro and Protobuf then, and their schemas move too. */
  registries?: Record<Side, string>;
  /** Where the migration file comes from when the applications are at work; without it the script has one. */
  file?: (names: Names) => Promise<MigrationFile>;
  /** Changes of the migration file. */
  changes?: Partial<MigrationFile>;
  /** Starts the migration in another way, and resolves when it runs. */
  start?: (file: MigrationFile) => Promise<void>;
  /** Called before the migration starts, when its applications are at work. */
  before?: (file: MigrationFile) => Promise<void>;
  /** Rules of the findings that the person accepts when they are asked. */
  accepts?: readonly string[];
  /** Messages per second of each producer; 2,500 unless given. */
  rate?: number;
  /** Called once for each step when it has begun; what it does, happens in the middle of the step. */
  meanwhile?: (step: StepId, applications: Applications, stage: Stage) => Promise<void>;
  /** What people do about a step that is blocked; answers whether they have mended it, and it is to be tried again. */
  mend?: (problem: Problem, stage: Stage) => Promise<boolean>;
  say?: (line: string) => void;
}

export interface Rehearsed {
  status: Status;
  verdict: Verdict;
  /** Events of the workflow's history. */
  events: number;
  seconds: number;
}

/**
 * Runs a migration on real servers with ledger applications under load: plays the person's part, and asks the ledger at
 * the end. Throws when the migration asks for something that the script does not foresee.
 */
export async function rehearse(rehearsal: Rehearsal): Promise<Rehearsed> {
  const { lab, strategy, name, messages, history, rate = 2_500, say = () => undefined } = rehearsal;
  const began = Date.now();
  const names = namesOf(name, strategy);
  const connection = await Connection.connect({ address: lab.temporal.address });
  const client = new Client({ connection, namespace: lab.temporal.namespace });
  const applications = await Applications.start(
    lab,
    names,
    rate,
    history === undefined ? undefined : { messages: history, say },
    rehearsal.registries,
  );
  try {
    const file: MigrationFile = {
      ...(rehearsal.file
        ? await rehearsal.file(names)
        : migrationOf(
            strategy,
            names,
            // The target has no tiered storage.
            lab.source.tiered ? { 'remote.storage.enable': 'false' } : {},
            // The users of a service at Aiven are called by their names alone.
            lab.aiven && ((user) => `User:${user}`),
          )),
      ...(rehearsal.registries && { schemas: schemasOf(names) }),
      ...rehearsal.changes,
    };
    await rehearsal.before?.(file);
    if (rehearsal.start) await rehearsal.start(file);
    else
      await client.workflow.start(strategy, {
        workflowId: workflowId(file.name),
        taskQueue: defaultTaskQueue,
        args: [file],
        workflowIdConflictPolicy: 'FAIL',
      });
    const handle = client.workflow.getHandle(workflowId(file.name));
    say(
      `started ${handle.workflowId}: ${lab.temporal.ui}/namespaces/${lab.temporal.namespace}/workflows/${encodeURIComponent(handle.workflowId)}`,
    );
    const migration = new Follower(handle, say);
    const stage = { lab, worker: rehearsal.worker, client, workflowId: handle.workflowId, names };
    const begun = new Set<StepId>();
    for (;;) {
      const status = await migration.status();
      if (status.outcome) break;
      const step = status.steps.find(
        ({ status: is }) => is === 'active' || is === 'waiting' || is === 'blocked',
      );
      if (step?.problem && isForeseen(step.problem, rehearsal.accepts)) {
        await migration.tell('retry', {
          by: 'rehearsal',
          accept: step.problem.findings.map(({ key }) => key),
          note: 'foreseen by the script',
        });
        continue;
      }
      if (step?.problem) {
        if (!(await rehearsal.mend?.(step.problem, stage)))
          throw new Error(blockedText(step.id, step.problem));
        await migration.retry();
        continue;
      }
      if (step && !begun.has(step.id)) {
        begun.add(step.id);
        await rehearsal.meanwhile?.(step.id, applications, stage);
      }
      if (step?.status === 'waiting')
        for await (const saying of actAsAsked(step.id, applications, names, (of, part) =>
          migration.agreed(of, part),
        ))
          await migration.tell(step.id, saying);
      await sleep(250);
    }
    const status = await migration.status();
    while ((await applications.acknowledged()) < messages) await sleep(250);
    const verdict = await applications.verdict(strategy);
    const { historyLength } = await handle.describe();
    return { status, verdict, events: historyLength, seconds: Math.round((Date.now() - began) / 100) / 10 };
  } finally {
    await applications.stop();
    await connection.close();
  }
}

/** What the script accepts when it is asked. */
const foreseen = new Set(['schemas-not-held-back']);

const isForeseen = ({ findings }: Problem, accepts: readonly string[] = []): boolean =>
  findings.length > 0 &&
  findings.every(
    ({ key, weight }) =>
      weight === 'asks' && (foreseen.has(key) || accepts.includes(key.split(':')[0] ?? '')),
  );

function blockedText(step: StepId, { sentence, findings }: Problem): string {
  const all = findings.length > 1 ? findings.map((finding) => `\n  ${finding.sentence}`).join('') : sentence;
  return `${step} is blocked: ${all}`;
}

/** Asks a running migration until it answers: a worker that was killed is away for a while. */
class Follower {
  readonly #shown = new Map<string, string>();

  constructor(
    private readonly handle: ReturnType<Client['workflow']['getHandle']>,
    private readonly say: (line: string) => void,
  ) {}

  async status(): Promise<Status> {
    const status = await patiently(() => this.handle.query<Status>('status'));
    for (const step of status.steps) this.#show(step);
    return status;
  }

  /** Says a step is done, as `ferry confirm` does, and lets the clusters agree before the next is said. */
  async tell(step: StepId | 'retry', input: unknown): Promise<void> {
    const answer = await patiently(() =>
      this.handle.executeUpdate<string, [unknown]>(step, { args: [input] }),
    );
    this.say(`  ${step} ${JSON.stringify(input)} → ${answer}`);
  }

  /** Resolves when the step is not blocked any more, which it may be again. */
  async retry(): Promise<void> {
    await patiently(() => this.handle.signal('retry', { by: 'somebody' }));
    for (;;) {
      const { steps } = await this.status();
      if (steps.every(({ problem }) => !problem)) return;
      await sleep(100);
    }
  }

  /** Waits until what was said for one of several is found to be so. */
  async agreed(id: StepId, name: string): Promise<void> {
    for (;;) {
      const { steps } = await this.status();
      const step = steps.find((one) => one.id === id);
      if (step?.problem) throw new Error(blockedText(id, step.problem));
      const part = step?.parts?.find((one) => one.name === name);
      if (step?.status === 'done' || part?.verified) return;
      if (step && !part?.claim) throw new Error(`${id} for ${name}: ${step.says ?? ''}`);
      await sleep(100);
    }
  }

  #show(step: Step): void {
    const line = `${step.status.padEnd(8)} ${step.title}${step.endedAt && step.says ? `: ${step.says}` : ''}`;
    if (step.status === 'pending' || this.#shown.get(step.id) === line) return;
    this.#shown.set(step.id, line);
    this.say(line);
  }
}

/** Long enough for a worker or a server to be killed and started again. */
const patienceMs = 300_000;

async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const until = Date.now() + patienceMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > until) throw error;
      await sleep(500);
    }
  }
}
