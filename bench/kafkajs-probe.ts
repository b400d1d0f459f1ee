import type { Lab } from '../lab/lab.js';
import { FERRY } from '../lab/principals.js';
import { type Counted } from './counted.js';
import { rounded } from './report.js';
import type { Wide } from './wide.js';

/** On a busy machine those that wait for kafkajs's own lock would give up sooner. */
const requestTimeout = 300_000;

/**
 * The lag of every group asked with kafkajs: the ends of each topic, and the commits of each group. The second time is
 * counted, when the client knows the cluster.
 */
export async function probeWithKafkajs(lab: Lab, { topics, groups }: Wide): Promise<Counted> {
  const admin = lab.source.kafkajs(FERRY, { requestTimeout }).admin();
  await admin.connect();
  const by: Record<string, number> = {};
  try {
    const probe = () =>
      Promise.all([
        ...topics.map((topic) => admin.fetchTopicOffsets(topic)),
        ...groups.map(({ group }) => admin.fetchOffsets({ groupId: group, topics })),
      ]);
    await probe();
    const stop = admin.on(admin.events.REQUEST, ({ payload: { apiName } }) => {
      by[apiName] = (by[apiName] ?? 0) + 1;
    });
    const begun = performance.now();
    await probe();
    const seconds = rounded((performance.now() - begun) / 1000);
    stop();
    return { requests: Object.values(by).reduce((all, sent) => all + sent, 0), seconds, by };
  } finally {
    await admin.disconnect();
  }
}
