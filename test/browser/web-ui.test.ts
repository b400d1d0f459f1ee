import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Lab } from '../../lab/lab.js';
import { defaultTaskQueue } from '../../src/migration/queues.js';
import type { Status } from '../../src/migration/status.js';
import { ferry, WorkerProcess } from '../hands/ferry.js';
import { Shop } from '../hands/shop.js';
import { sharedLab } from '../lab/shared.js';
import { picturePage, pictureTerminal } from './pictures.js';
import { WebUi } from './web-ui.js';

/** One migration, from the form to the deletion of its source, by what a person reads and clicks; so the order counts. */
describe('a migration by hand in the web UI', () => {
  // A name that ends in a number: the page's Markdown would make a fraction of a partition of it.
  const name = 'by-hand-2026';
  const id = `migrate/${name}`;
  let lab: Lab;
  let worker: WorkerProcess;
  let shop: Shop;
  let ui: WebUi;

  beforeAll(async () => {
    lab = await sharedLab();
    [worker, shop, ui] = await Promise.all([WorkerProcess.start(lab), Shop.open(lab, name), WebUi.open(lab)]);
  });

  afterAll(async () => {
    await ui.close();
    await shop.close();
    await worker.stop();
  });

  const status = async (): Promise<Status> =>
    JSON.parse((await ferry(lab, 'status', name, '--json')).stdout) as Status;

  test('starts from the form with the JSON of its file, as `ferry start` would', async () => {
    const json = JSON.stringify(shop.migration({ patience: '20s' }), undefined, 2);
    await ui.start({ id, taskQueue: defaultTaskQueue, type: 'simplestCase', json });
    await ui.show(id);
    await ui.details(/waiting for a person to say so for orders-web/);

    const { state, steps } = await status();
    expect(state).toBe('waiting');
    expect(steps.filter(({ status }) => status === 'done').map(({ id }) => id)).toEqual([
      'checkPlan',
      'createTopics',
      'copyAcls',
      'seedOffsets',
    ]);
    expect(await shop.isOn(lab.target)).toBe(true);

    const file = join(lab.folder, `${name}.yaml`);
    await writeFile(file, json);
    const { code, stderr } = await ferry(lab, 'start', file);
    expect(stderr).toContain(`${name} runs already`);
    expect(code).toBe(2);
  });

  test('shows what is waited for, the exact message to send, and the table of steps whole', async () => {
    const text = await ui.details(/Switch the producer to the target, stop it on the source, then say so/);
    expect(text.indexOf('waiting for a person')).toBeLessThan(text.indexOf('Send an update or a signal'));
    expect(await ui.asked()).toContainEqual({ name: 'producerSwitched', json: '{"by":"you"}' });
    const steps = await ui.steps();
    expect(steps[0]).toEqual([
      '1',
      'Check the plan against both clusters',
      'done',
      expect.stringMatching(/^\d{4}.\d\d.\d\d \d\d:\d\d$/),
      expect.stringContaining('The plan holds'),
    ]);
    expect(steps[4]?.slice(1, 3)).toEqual(['Producers write to the target only', 'waiting']);
    expect(await ui.lastRowIsWhole()).toBe(true);
    await picturePage(ui, 'details-waiting');
  });

  test.each(['Send a Signal', 'Send an Update'] as const)(
    '%s lists the messages with words',
    async (dialog) => {
      const offered = (await ui.offered(dialog)).join('\n');
      for (const message of ['producerSwitched', 'consumerSwitched', 'deletionApproved', 'pause', 'abort'])
        expect(offered).toContain(message);
      expect(offered).toContain('Switch the producer to the target, stop it on the source, then say so.');
      expect(offered).not.toContain('producerWritesBoth');
    },
  );

  test('shows a signal with nonsense, and one that nobody knows, as not counted', async () => {
    await ui.signal({ name: 'producerSwitched', json: '{"who":"ann"}' });
    await ui.signalByOtherName({ name: 'producersSwitched', json: '{"by":"ann"}' });
    const text = await ui.details(/producersSwitched was ignored: no such message/);
    expect(text).toMatch(/producerSwitched was ignored: who is not a key of producerSwitched/);
    expect((await status()).state).toBe('waiting');
  });

  test('refuses an update with a sentence in the dialog', async () => {
    expect(await ui.refusedUpdate({ name: 'producerSwitched', json: '["ann"]' })).toContain(
      'producerSwitched takes one JSON object',
    );
    const early = await ui.refusedUpdate({
      name: 'deletionApproved',
      json: JSON.stringify({ by: 'ann', topic: name }),
    });
    expect(early).toContain('deletionApproved is not kept: it counts only while its step asks for it');
    expect(early).not.toMatch(/\bat .*\.ts:/);
  });

  test('shows a claim that is not so, with topic, partition, offset and time', async () => {
    const [claim] = await ui.asked();
    await ui.signal(claim ?? { name: '' });
    const text = await ui.details(/Not so: /);
    expect(text).toMatch(new RegExp(`Not so: .* ${name}/[01] at offset \\d+, written at 20`));
    expect((await status()).state).toBe('waiting');
    await pictureTerminal(ui, lab, 'status-not-so', { columns: 80, words: ['status', name] });
  });

  test('closes the step on a signal without JSON, once it is so', async () => {
    await shop.stopConsumer('billing');
    await shop.wroteOneMore();
    await shop.switchProducer();
    await ui.signal({ name: 'producerSwitched' });
    const text = await ui.details(/Wait until every group has consumed the source\s+active/);
    expect(text).toMatch(/Producers write to the target only\s+done/);
  });

  test('shows the lag of a drain that goes on, and goes on when it is done', async () => {
    await ui.activitySays(/by-hand-2026-billing \d+ records? behind/);
    await pictureTerminal(ui, lab, 'status-draining', { columns: 120, words: ['status', name] });
    await shop.startConsumer('billing');
    await ui.details(/waiting for a person to say so for by-hand-2026-billing, by-hand-2026-shipping/);
    expect(await ui.asked()).toEqual([
      { name: 'consumerSwitched', json: JSON.stringify({ by: 'you', name: shop.group('billing') }) },
      { name: 'consumerSwitched', json: JSON.stringify({ by: 'you', name: shop.group('shipping') }) },
    ]);
  });

  test('closes a step of several parts on updates', async () => {
    await shop.switchConsumers();
    await ui.update({ name: 'consumerSwitched', json: `{"by":"ann","name":"${shop.group('billing')}"}` });
    await ui.update({ name: 'consumerSwitched', json: `{"by":"ann","name":"${shop.group('shipping')}"}` });
    await ui.details(/approve its deletion by its exact name/);
  });

  test('deletes on approval of the exact name, and completes', async () => {
    const refusal = await ui.refusedUpdate({
      name: 'deletionApproved',
      json: '{"by":"ann","topic":"orders"}',
    });
    expect(refusal).toContain(
      `orders is not a topic of this migration; deletionApproved needs the exact name`,
    );
    expect(await shop.isOn(lab.source)).toBe(true);

    const [approval] = await ui.asked();
    expect(approval).toEqual({ name: 'deletionApproved', json: JSON.stringify({ by: 'you', topic: name }) });
    await ui.update(approval ?? { name: '' });
    await ui.text().getByText('Completed', { exact: true }).first().waitFor();
    await ui.details(/gone from source/);
    expect(await shop.isOn(lab.source)).toBe(false);
    expect(await shop.isOn(lab.target)).toBe(true);
  });
});
