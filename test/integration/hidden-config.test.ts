import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { checkPlan } from '../../activities/plan/plan.js';
import { compareTopics, createTopics } from '../../activities/topics/topics.js';
import { ferryGrants } from '../../lab/ferry-acls.js';
import { grantAll } from '../../lab/kafka/cluster.js';
import { openCluster } from '../../src/kafka/open.js';
import { workflowId } from '../../src/migration/messages.js';
import { prepareMap } from '../../src/mirror/map-topic.js';
import { sharedLab } from '../lab/shared.js';
import { connectionOf } from './kafka-cluster.js';
import {
  mirrorToEnd,
  numbered,
  openMirroring,
  recordsOf,
  upTo,
  values,
  writeBatches,
  zero,
} from './mirroring.js';
import {
  attempt,
  createOn,
  keysOf,
  migrationOf,
  openGround,
  produce,
  sentenceOf,
  type Ground,
} from './prepare-ground.js';

let ground: Ground;
beforeAll(async () => {
  ground = openGround(await sharedLab());
});
afterAll(async () => {
  // What is granted on the cluster itself, others of the lab expect not to have.
  const admin = ground.admin.target;
  const granted = ((await admin.acls()) ?? []).filter(
    ({ principal, resourceType }) => resourceType === 'cluster' && principal.includes(login),
  );
  await admin.deleteAcls(granted);
  await ground.close();
});

const login = 'audit';

test('a copy whose configuration the target does not show is asked about, and mirrored and compared once a person has looked', async () => {
  const topic = 'plan.unseen';
  await createOn(ground.admin.source, { name: topic });
  await createOn(ground.admin.target, { name: topic });
  await produce(ground.lab.target, topic, 3);
  const rights = ferryGrants.target.filter(({ operation }) => operation !== 'describeConfigs');
  await grantAll(
    ground.lab.target,
    login,
    rights.map((right) =>
      right.resource === 'cluster' ? right : { ...right, prefix: right.prefix ?? topic },
    ),
  );
  await grantAll(
    ground.lab.target,
    login,
    rights
      .filter(({ resource }) => resource === 'topic')
      .map((right) => ({ ...right, prefix: 'kafka-ferry.plan' })),
  );
  const target = openCluster('target', connectionOf(ground.lab.target, login));
  const world = openMirroring(ground.lab);
  const unseen: Ground = {
    ...ground,
    clusters: (name) => (name === 'target' ? target : ground.clusters(name)),
  };
  const migration = migrationOf({
    name: 'plan-unseen',
    strategy: 'simpleMirroring',
    topics: [{ name: topic }],
    principals: {},
  });
  try {
    const { findings, will } = await checkPlan(unseen, { migration }, workflowId(migration.name));
    const keys = keysOf(findings);
    expect(keys).toContain(`asks config-not-shown:${topic}`);
    expect(sentenceOf(findings, `config-not-shown:${topic}`)).toContain(
      `target does not show the ferry how ${topic} is configured, so nobody has compared it with what ${topic} has on the source`,
    );
    // What lies there already is seen all the same, and nothing else is in the way.
    expect(keys.filter((key) => key.startsWith('blocks '))).toEqual([
      `blocks records-before-history:${topic}`,
    ]);
    expect(will).toContain(`Use ${topic} on target as it is.`);
    const accepted = [`config-not-shown:${topic}`];
    const nobody = `How ${topic} is configured nobody has compared: target does not show it, and a person has accepted that.`;
    const compared = await compareTopics(unseen, { migration, accepted, topics: [topic] });
    expect(compared).toMatchObject({
      findings: [],
      sentence: `${topic} on target is as the migration needs in partitions. ${nobody}`,
    });
    const created = await createTopics(unseen, { migration, accepted }, attempt());
    expect(created.made).toEqual([]);
    expect(created.sentence).toBe(
      `No topic had to be created on target. 1 topic there already, compared in partitions alone. ${nobody}`,
    );

    const copied = `${topic}.copied`;
    const mirrored = await world.topic(copied);
    await writeBatches(world.sourceAdmin, zero(copied), numbered(0, 30, 10));
    expect(await prepareMap(target, copied)).toMatchObject({ made: false });
    await mirrorToEnd({ source: world.source, target }, mirrored);
    expect(values(await recordsOf(target, zero(copied)))).toEqual(upTo(30));
  } finally {
    await world.close();
    await target.close();
  }
});
