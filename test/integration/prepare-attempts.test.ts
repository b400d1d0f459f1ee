import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from '../../activities/index.js';
import { FerryError } from '../../src/migration/errors.js';
import type { Work } from '../../src/migration/work/work.js';
import { sharedLab } from '../lab/shared.js';
import { createOn, migrationOf, openGround, type Ground } from './prepare-ground.js';
import type { createTopicsOnce } from './prepare-workflow.js';

let ground: Ground;
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  ground = openGround(await sharedLab());
});
afterAll(() => ground.close());

test('Temporal carries what an attempt has noted to the next one', async () => {
  await createOn(ground.admin.source, { name: 'attempt.first' }, { name: 'attempt.there' });
  await createOn(ground.admin.target, { name: 'attempt.there' });
  let creations = 0;
  const activities = createActivities({
    ...ground,
    clusters: (name) => {
      const cluster = ground.clusters(name);
      return {
        ...cluster,
        createTopics: async (topics, options) => {
          const rows = await cluster.createTopics(topics, options);
          // The broker has created them, and the worker hears nothing of it.
          if (!options?.validateOnly && creations++ === 0)
            throw new FerryError('Unreachable', 'The connection broke.');
          return rows;
        },
      };
    },
  });
  const { address, namespace } = ground.lab.temporal;
  const native = await NativeConnection.connect({ address });
  const connection = await Connection.connect({ address });
  try {
    const taskQueue = 'prepare-attempts';
    const worker = await Worker.create({
      connection: native,
      namespace,
      taskQueue,
      activities,
      workflowsPath: fileURLToPath(new URL('prepare-workflow.ts', import.meta.url)),
    });
    const migration = migrationOf({
      name: 'attempt',
      topics: [{ name: 'attempt.first' }, { name: 'attempt.there' }],
    });
    const { made } = await worker.runUntil(
      new Client({ connection, namespace }).workflow.execute<typeof createTopicsOnce>('createTopicsOnce', {
        args: [{ migration } satisfies Work],
        taskQueue,
        workflowId: `attempt-${Date.now()}`,
      }),
    );
    const there = (await ground.target.topics(['attempt.first'])).get('attempt.first')?.value;
    expect(made).toEqual([{ name: 'attempt.first', topicId: there?.topicId }]);
    expect(creations).toBe(1);
  } finally {
    await connection.close();
    await native.close();
  }
});
