import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Webhook as Verifier } from 'standardwebhooks';
import { parse, stringify } from 'yaml';
import { aclText } from '../../activities/acls/acl-text.js';
import type { Lab } from '../../lab/lab.js';
import { rehearse } from '../../lab/rehearsal/rehearse.js';
import { WorkerProcess } from '../../lab/rehearsal/worker-process.js';
import type { Account } from '../../src/account/account.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { openCluster } from '../../src/kafka/open.js';
import type { MigrationNotice } from '../../src/notify/notice.js';
import { eventually } from '../eventually.js';
import { ferry } from '../hands/ferry.js';
import { sharedLab } from '../lab/shared.js';
import { mailBox, receiver, type MailBox, type Receiver } from '../receivers.js';
import { connectionOf, run } from './kafka-cluster.js';

const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;

let lab: Lab;
let folder: string;
let admin: Cluster;
let worker: WorkerProcess;
let board: Receiver;
let inside: Receiver;
let redirecting: Receiver;
let silent: Receiver;
let box: MailBox;

beforeAll(async () => {
  const shared = await sharedLab();
  folder = mkdtempSync(join(tmpdir(), 'ferry-report-'));
  [board, inside, silent] = [await receiver('takes'), await receiver('takes'), await receiver('hangs')];
  redirecting = await receiver({ redirects: inside.url });
  box = await mailBox();
  const config = parse(readFileSync(shared.ferryYaml, 'utf8')) as object;
  const ferryYaml = join(folder, 'ferry.yaml');
  writeFileSync(
    ferryYaml,
    stringify({
      ...config,
      notify: {
        webhooks: {
          board: { url: board.url, secret },
          redirecting: { url: redirecting.url },
          silent: { url: silent.url },
        },
        mail: { host: '127.0.0.1', port: box.port, tls: 'none', from: 'ferry@example.com' },
        everyone: ['board', 'redirecting', 'silent'],
        teams: { shop: ['shop@example.com'] },
      },
      reports: 'reports',
    }),
  );
  lab = { ...shared, ferryYaml };
  admin = openCluster('source', connectionOf(shared.source, 'admin'));
  worker = new WorkerProcess(lab);
  worker.start();
});

afterAll(async () => {
  await worker.stop();
  await admin.close();
  await Promise.all([board, inside, silent, redirecting, box].map((one) => one.close()));
  rmSync(folder, { recursive: true });
});

/** What the source has of a topic and its groups, before it is deleted. */
async function onSource(topic: string, groups: readonly string[]) {
  const facts = (await admin.topics([topic])).get(topic)?.value;
  const partitions = (facts?.partitions ?? []).map(({ partition }) => ({ topic, partition }));
  const marks = await admin.watermarks(partitions);
  const committed = await admin.committedOffsets(groups);
  const configs = (await admin.topicConfigs([topic])).get(topic)?.value ?? [];
  const acls = (await admin.acls({ resourceType: 'topic', patternType: 'literal' })) ?? [];
  return {
    facts,
    ends: partitions.map(({ partition }) => String(marks.get(`${topic}/${partition}`)?.value?.highWatermark)),
    committed: new Map(
      groups.map((group) => [
        group,
        partitions.map(({ partition }) => {
          const found = committed.get(group)?.value?.get(`${topic}/${partition}`);
          return found ? String(found.offset) : null;
        }),
      ]),
    ),
    config: Object.fromEntries(
      configs.flatMap(({ name, value, source }) =>
        source === 'topic' && value !== null ? [[name, value]] : [],
      ),
    ),
    acls: acls
      .filter(({ resourceName }) => resourceName === topic)
      .map(aclText)
      .toSorted(),
  };
}

test('a migration that has ended is reported as the brokers had it, and people were told of it once', async () => {
  const name = `report-${run}`;
  const groups = ['billing', 'shipping', 'audit'].map((app) => `${name}.${app}`);
  const topic = `${name}.orders`;
  let had: Awaited<ReturnType<typeof onSource>> | undefined;
  const { status, verdict } = await rehearse({
    ...{ lab, worker, strategy: 'simpleMirroring', name, messages: 3_000, rate: 300, history: 3_000 },
    changes: { notify: { teams: ['shop'], addresses: ['ann@example.com'] } },
    meanwhile: async (step) => {
      if (step === 'deletionApproved') had = await onSource(topic, groups);
    },
  });
  expect(verdict.promiseHeld).toBe(true);
  expect(status.outcome?.result).toBe('done');
  if (!had) throw new Error('the deletion was never asked for');

  // Who hangs is tried again for minutes; the report does not wait for that.
  const files = await eventually(
    async () => (readdirSync(folder).includes('reports') ? readdirSync(join(folder, 'reports')) : []),
    (all) => all.filter((file) => !file.endsWith('.part')).length === 3,
  );
  const { stdout, code } = await ferry(lab, 'report', name, '--json');
  expect(code).toBe(0);
  const account = JSON.parse(stdout) as Account;
  expect(account).toMatchObject({ state: 'done', gone: [], outcome: { sentence: status.outcome?.sentence } });

  const [gone] = account.deletion?.topics ?? [];
  expect(gone).toEqual({
    topic,
    topicId: had.facts?.topicId,
    partitions: had.facts?.partitions.length,
    replicationFactor: had.facts?.partitions[0]?.replicas.length,
    highWatermarks: had.ends,
    config: had.config,
    acls: had.acls,
  });
  expect(had.acls.length).toBeGreaterThan(0);
  expect(account.ends.map(({ source }) => source)).toEqual(had.ends);
  for (const { group, how, partitions } of account.offsets) {
    expect(how).toBe('translated');
    expect(partitions.map(({ before }) => before)).toEqual(had.committed.get(group));
    expect(partitions.every(({ after, certainty }) => after !== null && certainty === 'exact')).toBe(true);
  }
  expect(account.offsets.map(({ group }) => group)).toEqual(groups);
  expect(account.parity).toMatchObject({
    verdict: 'equal',
    differences: [],
    hashes: [{ topic, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown }],
  });
  const offsets = had.ends.reduce((sum, end) => sum + Number(end), 0);
  expect(Number(account.parity?.records)).toBeGreaterThan(3_000);
  expect(Number(account.parity?.records)).toBeLessThanOrEqual(offsets);
  // Every step as the migration itself says it, and who said what.
  expect(account.steps.map(({ id, status: is, says }) => [id, is, says])).toEqual(
    status.steps.map(({ id, status: is, says }) => [id, is, says]),
  );
  const approval = account.steps.find(({ id }) => id === 'deletionApproved');
  expect(approval?.parts).toEqual([
    expect.objectContaining({ name: topic, by: expect.any(String) as unknown, verified: true }),
  ]);

  const written = files.find((file) => file.endsWith('.json')) ?? '';
  expect(written).toMatch(new RegExp(`^${name}-\\d{8}T\\d{6}Z\\.json$`));
  const kept = JSON.parse(readFileSync(join(folder, 'reports', written), 'utf8')) as Account;
  expect({ ...kept, readAt: '', runs: [] }).toEqual({ ...account, readAt: '', runs: [] });

  // It is told beside the report.
  await eventually(
    async () => board.got,
    (got) => got.some(({ body }) => (JSON.parse(body) as { data: MigrationNotice }).data.event === 'done'),
  );
  const notices = board.got.map(({ headers, body }) => {
    const signed = Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, String(value)]));
    new Verifier(secret).verify(body, signed);
    return (JSON.parse(body) as { data: MigrationNotice }).data;
  });
  const told = notices.map(({ event, step }) => `${event} ${step ?? ''}`);
  expect(new Set(notices.map(({ id }) => id)).size).toBe(notices.length);
  expect(told).toEqual(
    expect.arrayContaining([
      'waits-for-you producerStopped',
      'waits-for-you consumerSwitched',
      'waits-for-you producerSwitched',
      'deletion-asks deletionApproved',
      'done ',
    ]),
  );
  const asks = notices.find(({ event }) => event === 'deletion-asks');
  expect(asks).toMatchObject({ command: `ferry approve ${name} --delete ${topic}` });
  expect(asks?.link).toContain(encodeURIComponent(`migrate/${name}`));
  for (const to of ['shop@example.com', 'ann@example.com'])
    expect(box.got.filter((mail) => mail.to.includes(to))).toHaveLength(notices.length);
  expect(inside.got).toEqual([]);
  expect(silent.got.length).toBeGreaterThan(0);
}, 300_000);
