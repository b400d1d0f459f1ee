import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Lab } from '../../lab/lab.js';
import { temporalCli } from '../../lab/temporal-cli.js';
import { defaultTaskQueue } from '../../src/migration/queues.js';
import type { Outcome } from '../../src/migration/state.js';
import type { Status } from '../../src/migration/status.js';
import type { StepId } from '../../src/migration/strategies.js';
import { eventually } from '../eventually.js';
import { WorkerProcess } from '../hands/ferry.js';
import { runProgram, type Ended } from '../hands/program.js';
import { Shop } from '../hands/shop.js';
import { sharedLab } from '../lab/shared.js';

const hasTctl = await runProgram('tctl', ['--version']).then(
  ({ code }) => code === 0,
  () => false,
);
if (!hasTctl) console.log('There is no tctl on PATH, so no migration is driven by it here.');

let lab: Lab;
let command: string;

beforeAll(async () => {
  [lab, command] = await Promise.all([sharedLab(), temporalCli()]);
});

const temporal = (...args: string[]): Promise<Ended> =>
  runProgram(command, args, { TEMPORAL_ADDRESS: lab.temporal.address, NO_COLOR: '1' });

const tctl = (...args: string[]): Promise<Ended> =>
  runProgram('tctl', ['workflow', ...args], { TEMPORAL_CLI_ADDRESS: lab.temporal.address });

/** What a query answered, out of the JSON that `temporal` prints for it. */
const answerOf = <T>(stdout: string): T => (JSON.parse(stdout) as { queryResult: [T] }).queryResult[0];

/** One migration, as the tool `temporal` sees it. */
class Followed {
  readonly id: string;

  constructor(readonly shop: Shop) {
    this.id = `migrate/${shop.topic}`;
  }

  start(...flags: string[]): Promise<Ended> {
    const json = JSON.stringify(this.shop.migration());
    const where = ['-w', this.id, '-t', defaultTaskQueue, '--type', 'simplestCase'];
    return temporal('workflow', 'start', ...where, '-i', json, ...flags);
  }

  signal(name: string, input?: unknown): Promise<Ended> {
    const json = input === undefined ? [] : ['-i', JSON.stringify(input)];
    return temporal('workflow', 'signal', '-w', this.id, '--name', name, ...json);
  }

  update(name: string, input?: unknown): Promise<Ended> {
    const json = input === undefined ? [] : ['-i', JSON.stringify(input)];
    return temporal('workflow', 'update', 'execute', '-w', this.id, '--name', name, ...json);
  }

  async status(): Promise<Status> {
    const { stdout, stderr } = await temporal(
      ...['workflow', 'query', '-w', this.id, '--type', 'status', '-o', 'json'],
    );
    if (stdout === '') throw new Error(stderr);
    return answerOf<Status>(stdout);
  }

  /** Resolves when this step waits for a person. */
  asksFor(step: StepId): Promise<Status> {
    return eventually(
      () => this.status(),
      ({ steps }) => steps.some(({ id, status }) => id === step && status === 'waiting'),
    );
  }

  async result(): Promise<Outcome> {
    const { stdout } = await temporal('workflow', 'result', '-w', this.id, '-o', 'json');
    const { status, result, closeEvent } = JSON.parse(stdout) as {
      status: string;
      result: Outcome;
      closeEvent: { workflowExecutionCanceledEventAttributes: { details: Outcome[] } };
    };
    if (status !== 'CANCELED') return result;
    const [outcome] = closeEvent.workflowExecutionCanceledEventAttributes.details;
    return outcome as Outcome;
  }
}

describe('temporal, for a whole migration', () => {
  let shop: Shop;
  let migration: Followed;
  let worker: WorkerProcess | undefined;

  beforeAll(async () => {
    shop = await Shop.open(lab, 'by-temporal');
    migration = new Followed(shop);
  });

  afterAll(async () => {
    await shop.close();
    await worker?.stop();
  });

  test('starts it once with --fail-existing', async () => {
    expect((await migration.start('--fail-existing')).code).toBe(0);
    const again = await migration.start('--fail-existing');
    expect(again.code).not.toBe(0);
    expect(again.stderr).toContain('already');
  });

  test('signals while no worker is up, which count when one comes, and nonsense, which does not', async () => {
    await shop.stopProducer();
    for (const sent of [
      await migration.signal('producerSwitched', { by: 'ann', note: 'sent before there was a worker' }),
      await migration.signal('producersSwitched', { by: 'ann' }),
      await migration.signal('consumerSwitched', { who: 'ann' }),
    ])
      expect(sent).toMatchObject({ code: 0 });
    const noJson = await temporal(
      'workflow',
      'signal',
      '-w',
      migration.id,
      '--name',
      'pause',
      '-i',
      'by ann',
    );
    expect(noJson.code).not.toBe(0);

    worker = await WorkerProcess.start(lab);
    const { steps, refused } = await migration.asksFor('consumerSwitched');
    expect(steps.find(({ id }) => id === 'producerSwitched')).toMatchObject({
      status: 'done',
      parts: [{ name: 'orders-web', claim: { by: 'ann', note: 'sent before there was a worker' } }],
    });
    const ignored = refused.map(({ message, why }) => `${message}: ${why}`);
    expect(ignored).toHaveLength(2);
    expect(ignored).toContainEqual(expect.stringContaining('producersSwitched: no such message'));
    expect(ignored).toContainEqual(expect.stringContaining('consumerSwitched: who is not a key'));
  });

  test('shows by `metadata` what to send, each name as a signal and as an update', async () => {
    const { stdout } = await temporal('workflow', 'metadata', '-w', migration.id, '-o', 'json');
    const { definition, currentDetails } = answerOf<{
      definition: Record<'signalDefinitions' | 'updateDefinitions', { name: string; description: string }[]>;
      currentDetails: string;
    }>(stdout);
    for (const messages of [definition.signalDefinitions, definition.updateDefinitions])
      expect(messages).toContainEqual({
        name: 'consumerSwitched',
        description: expect.stringContaining('Stop the consumer on the source'),
      });
    expect(currentDetails).toContain('`consumerSwitched` with `{"by":"you","name":"by-temporal-billing"}`');
  });

  test('is answered by an update: accepted, refused with a sentence, or twice the same', async () => {
    const several = await migration.update('consumerSwitched', { by: 'ann' });
    expect(several.code).not.toBe(0);
    expect(several.stderr).toContain('consumerSwitched has several left: say which by name');
    expect((await migration.update('resume')).stdout).toContain('it is not paused');
    expect((await migration.update('pause', { by: 'ann' })).stdout).toContain('pauses');
    await eventually(
      () => migration.status(),
      ({ state }) => state === 'paused',
    );
    expect((await migration.update('pause')).stdout).toContain('paused already');
    expect((await migration.update('resume')).stdout).toContain('goes on');
  });

  test('closes one step by the same name as a signal and as an update', async () => {
    await shop.switchProducer();
    await shop.switchConsumers();
    expect(
      (await migration.signal('consumerSwitched', { by: 'ann', name: 'by-temporal-billing' })).code,
    ).toBe(0);
    const update = await migration.update('consumerSwitched', { by: 'bo', name: 'by-temporal-shipping' });
    expect(update).toMatchObject({ code: 0, stdout: expect.stringContaining('by-temporal-shipping') });
    const { steps } = await migration.asksFor('deletionApproved');
    expect(steps.find(({ id }) => id === 'consumerSwitched')?.parts).toMatchObject([
      { name: 'by-temporal-billing', claim: { by: 'ann' } },
      { name: 'by-temporal-shipping', claim: { by: 'bo' } },
    ]);
  });

  test('deletes the source on the exact name alone, and answers the outcome', async () => {
    const wrong = await migration.update('deletionApproved', { by: 'ann', topic: 'by-tempora' });
    expect(wrong.stderr).toContain('by-tempora is not a topic of this migration');
    expect((await migration.update('deletionApproved', { by: 'ann', topic: shop.topic })).code).toBe(0);
    expect(await migration.result()).toMatchObject({ result: 'done' });
    expect(await shop.isOn(lab.source)).toBe(false);
    expect(await shop.isOn(lab.target)).toBe(true);
    expect((await migration.status()).state).toBe('done');
  });
});

describe('a migration that is called off and comes again', () => {
  let shop: Shop;
  let migration: Followed;
  let worker: WorkerProcess;

  beforeAll(async () => {
    [shop, worker] = await Promise.all([Shop.open(lab, 'twice-begun'), WorkerProcess.start(lab)]);
    migration = new Followed(shop);
  });

  afterAll(async () => {
    await shop.close();
    await worker.stop();
  });

  test('`temporal workflow cancel` takes back what it made', async () => {
    await migration.start('--fail-existing');
    await migration.asksFor('producerSwitched');
    expect(await shop.isOn(lab.target)).toBe(true);
    expect((await temporal('workflow', 'cancel', '-w', migration.id)).code).toBe(0);
    expect(await migration.result()).toMatchObject({
      result: 'aborted',
      sentence: expect.stringMatching(/cancelled from Temporal.*The source is as it was/),
    });
    expect(await shop.isOn(lab.target)).toBe(false);
    expect(await shop.isOn(lab.source)).toBe(true);
  });

  if (hasTctl)
    test('tctl drives it from start to end, with signals alone', async () => {
      const signal = (name: string, input?: unknown): Promise<Ended> =>
        tctl(
          ...['signal', '--workflow_id', migration.id, '--name', name],
          ...(input === undefined ? [] : ['--input', JSON.stringify(input)]),
        );
      const started = await tctl(
        ...['start', '--workflow_id', migration.id, '--workflow_type', 'simplestCase'],
        ...['--taskqueue', defaultTaskQueue, '--input', JSON.stringify(shop.migration())],
      );
      expect(started).toMatchObject({ code: 0 });
      await migration.asksFor('producerSwitched');
      const query = await tctl('query', '--workflow_id', migration.id, '--query_type', 'status');
      expect(query.stdout).toContain('waiting for a person to say so for orders-web');

      await shop.switchProducer();
      expect(await signal('producerSwitched')).toMatchObject({ code: 0 });
      await migration.asksFor('consumerSwitched');
      await shop.switchConsumers();
      expect(await signal('consumerSwitched', { by: 'ann', name: '*' })).toMatchObject({ code: 0 });
      await migration.asksFor('deletionApproved');
      expect(await signal('deletionApproved', { by: 'ann', topic: shop.topic })).toMatchObject({ code: 0 });
      expect(await migration.result()).toMatchObject({ result: 'done' });
      expect(await shop.isOn(lab.source)).toBe(false);
    });
});
