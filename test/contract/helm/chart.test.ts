import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseAllDocuments, stringify } from 'yaml';
import { parseConfig } from '../../../app/config/config.js';
import { parseYaml } from '../../../app/config/yaml-file.js';
import { helm } from '../../../lab/helm.js';
import { mistakeText } from '../../../src/migration/mistakes.js';
import { runProgram } from '../../hands/program.js';

const chart = 'ops/helm/kafka-ferry';

interface Container {
  name: string;
  args: string[];
  env: { name: string; value?: string; valueFrom?: { secretKeyRef: { name: string; key: string } } }[];
  ports: { name: string; containerPort: number }[];
  securityContext: object;
  resources: { limits: { memory: string } };
  volumeMounts: { name: string; mountPath: string }[];
  livenessProbe: { httpGet: { path: string; port: string; scheme?: string } };
  readinessProbe: { httpGet: { path: string; port: string; scheme?: string } };
}
interface Manifest {
  kind: string;
  metadata: { name: string };
  data?: Record<string, string>;
  spec: {
    replicas: number;
    minAvailable?: number;
    selector: { matchLabels: Record<string, string> };
    template: {
      metadata: { labels: Record<string, string>; annotations: Record<string, string> };
      spec: {
        containers: [Container];
        automountServiceAccountToken: boolean;
        securityContext: object;
        terminationGracePeriodSeconds: number;
        volumes: {
          name: string;
          projected?: { sources: object[] };
          persistentVolumeClaim?: { claimName: string };
        }[];
      };
    };
  };
}

const values = {
  config: {
    temporal: {
      address: 'temporal-frontend.temporal.svc:7233',
      codec: { module: 'aes-gcm', options: { key: 'a', keys: { a: { value: '${CODEC_KEY}' } } } },
    },
    clusters: {
      onprem: {
        bootstrap: ['kafka-1.example.com:9092'],
        sasl: { mechanism: 'scram-sha-512', username: 'ferry', password: '${ONPREM_PASSWORD}' },
      },
      aiven: { bootstrap: ['kafka.example.com:12835'], tls: { ca: 'aiven/ca.pem' } },
    },
    worker: { maxMirrors: 4, health: '127.0.0.1:1' },
    codecServer: { address: '0.0.0.0:8888', authorization: 'token', token: '${CODEC_TOKEN}' },
  },
  secretEnv: ['ONPREM_PASSWORD', 'CODEC_KEY', 'CODEC_TOKEN'].map((name) => ({
    ...{ name, secret: 'kafka-ferry', key: name.toLowerCase() },
  })),
  secretFiles: [{ secret: 'kafka-ferry-aiven', key: 'ca.pem', path: 'aiven/ca.pem' }],
  env: { OTEL_SERVICE_NAME: 'ferry' },
  volumes: [{ claim: 'ferry-reports', path: '/var/lib/ferry/reports' }],
  codecServer: { enabled: true },
  networkPolicy: { enabled: true, from: [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }] },
  metrics: { podMonitor: true },
};

let folder: string;
let command: string;
beforeAll(async () => {
  command = await helm();
  folder = mkdtempSync(join(tmpdir(), 'ferry-helm-'));
  writeFileSync(join(folder, 'values.yaml'), stringify(values));
}, 900_000);
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) => runProgram(command, args);
const withValues = () => ['--values', join(folder, 'values.yaml')];

async function rendered(...args: string[]): Promise<Manifest[]> {
  const { code, stdout, stderr } = await run('template', 'ferry', chart, '--kube-version', '1.31.0', ...args);
  expect([code, stderr]).toEqual([0, '']);
  const documents = parseAllDocuments(stdout);
  if (!Array.isArray(documents)) throw new Error('nothing was rendered');
  return documents.map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Manifest;
  });
}

function one(manifests: readonly Manifest[], kind: string, name = 'ferry-kafka-ferry'): Manifest {
  const found = manifests.filter((each) => each.kind === kind && each.metadata.name === name);
  expect([kind, name, found.length]).toEqual([kind, name, 1]);
  return found[0] as Manifest;
}

const ferryYaml = (manifests: readonly Manifest[]): unknown => {
  const read = parseYaml(one(manifests, 'ConfigMap').data?.['ferry.yaml'] ?? '');
  expect(read.mistakes).toBeUndefined();
  return read.value;
};

describe('the Helm chart', () => {
  test.each([
    ['as it is', () => []],
    ['with everything', withValues],
  ])('is a chart by helm lint, %s', async (_, args) => {
    const { code, stdout } = await run('lint', '--strict', chart, ...args());
    expect([code, stdout]).toEqual([0, expect.stringContaining('0 chart(s) failed')]);
  });

  test('runs two workers that Kubernetes does not end together, as little as they need to be', async () => {
    const manifests = await rendered();
    expect(manifests.map(({ kind }) => kind).sort()).toEqual([
      ...['ConfigMap', 'Deployment', 'PodDisruptionBudget', 'ServiceAccount'],
    ]);
    const { spec } = one(manifests, 'Deployment');
    const budget = one(manifests, 'PodDisruptionBudget').spec;
    expect([spec.replicas, budget.minAvailable]).toEqual([2, 1]);
    expect(spec.template.metadata.labels).toMatchObject(budget.selector.matchLabels);
    expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
    const pod = spec.template.spec;
    const [worker] = pod.containers;
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true },
    });
    // shutdownGrace, and what a worker may take beyond it.
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(40);
    expect(worker.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(worker.resources.limits.memory).toBe('2Gi');
    // It takes the place of the image's own.
    const [, options] = /NODE_OPTIONS="([^"]+)"/.exec(readFileSync('Dockerfile', 'utf8')) ?? [];
    expect(worker.env).toEqual([{ name: 'NODE_OPTIONS', value: options }]);
  });

  test('asks the worker where its ferry.yaml lets it answer, and that ferry.yaml is one', async () => {
    const manifests = await rendered();
    const config = parseConfig(ferryYaml(manifests), folder, {});
    expect(config.mistakes?.map(mistakeText)).toBeUndefined();
    const [worker] = one(manifests, 'Deployment').spec.template.spec.containers;
    const portOf = (name: string) => worker.ports.find((port) => port.name === name)?.containerPort;
    expect(config.value?.worker).toMatchObject({
      health: `0.0.0.0:${portOf('health')}`,
      metrics: `0.0.0.0:${portOf('metrics')}`,
    });
    expect(worker.livenessProbe.httpGet).toEqual({ path: '/healthz', port: 'health' });
    expect(worker.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'health' });
    const { annotations } = one(manifests, 'Deployment').spec.template.metadata;
    expect(annotations['prometheus.io/port']).toBe(String(portOf('metrics')));
  });

  test('keeps secrets in Secrets, by reference, and the product takes its ferry.yaml', async () => {
    const manifests = await rendered(...withValues());
    const document = ferryYaml(manifests);
    const environment = { ONPREM_PASSWORD: 'p', CODEC_KEY: 'k', CODEC_TOKEN: 't' };
    const { value, mistakes } = parseConfig(document, folder, environment, { codecServer: true });
    expect(mistakes?.map(mistakeText)).toEqual([
      expect.stringContaining('clusters.aiven.tls.ca: aiven/ca.pem: there is no such file'),
    ]);
    expect(value).toBeUndefined();
    expect(document).toMatchObject({ worker: { maxMirrors: 4, health: '0.0.0.0:8080' } });
    const unset = parseConfig(document, folder, {}, { codecServer: true }).mistakes?.map(mistakeText).join();
    for (const name of Object.keys(environment)) expect(unset).toContain(name);

    const { containers, volumes } = one(manifests, 'Deployment').spec.template.spec;
    expect(containers[0].env).toContainEqual({
      name: 'ONPREM_PASSWORD',
      valueFrom: { secretKeyRef: { name: 'kafka-ferry', key: 'onprem_password' } },
    });
    expect(containers[0].volumeMounts).toContainEqual(
      expect.objectContaining({ name: 'config', mountPath: '/etc/ferry' }),
    );
    expect(volumes.find(({ name }) => name === 'config')?.projected?.sources).toEqual([
      { configMap: { name: 'ferry-kafka-ferry' } },
      { secret: { name: 'kafka-ferry-aiven', items: [{ key: 'ca.pem', path: 'aiven/ca.pem' }] } },
    ]);
    expect(manifests.filter(({ kind }) => kind === 'Secret')).toEqual([]);
  });

  test('gives the workers a folder that they share, and the codec server none', async () => {
    const manifests = await rendered(...withValues());
    const claimed = ({ spec }: Manifest) => {
      const { containers, volumes } = spec.template.spec;
      return volumes.flatMap(({ name, persistentVolumeClaim }) =>
        persistentVolumeClaim
          ? containers[0].volumeMounts
              .filter((mount) => mount.name === name)
              .map(({ mountPath }) => [persistentVolumeClaim.claimName, mountPath])
          : [],
      );
    };
    expect(claimed(one(manifests, 'Deployment'))).toEqual([['ferry-reports', '/var/lib/ferry/reports']]);
    expect(claimed(one(manifests, 'Deployment', 'ferry-kafka-ferry-codec'))).toEqual([]);
  });

  test('starts the workers anew when ferry.yaml changes', async () => {
    const sum = async (...args: string[]) =>
      one(await rendered(...args), 'Deployment').spec.template.metadata.annotations['checksum/config'];
    expect(await sum()).toBe(await sum());
    expect(await sum()).not.toBe(await sum('--set', 'config.temporal.namespace=other'));
  });

  test('has a codec server, which answers where its ferry.yaml says', async () => {
    const manifests = await rendered(...withValues());
    const [server] = one(manifests, 'Deployment', 'ferry-kafka-ferry-codec').spec.template.spec.containers;
    expect(server.args).toEqual(['codec-server']);
    expect(server.ports).toEqual([{ name: 'codec', containerPort: 8888 }]);
    expect(server.readinessProbe.httpGet).toEqual({ path: '/healthz', port: 'codec', scheme: 'HTTP' });
    one(manifests, 'Service', 'ferry-kafka-ferry-codec');
    one(manifests, 'NetworkPolicy');
    one(manifests, 'PodMonitor');
  });

  test.each([
    ['secretEnv[0].name=A', 'secretEnv needs the name of a Secret'],
    ['secretFiles[0].secret=a,secretFiles[0].path=b', 'secretFiles needs a key of the Secret'],
    ['volumes[0].claim=a', 'volumes needs a path'],
    ['codecServer.enabled=true', 'codecServer.enabled needs config.codecServer'],
  ])('refuses %s in one sentence', async (set, sentence) => {
    const { code, stderr } = await run('template', 'ferry', chart, '--kube-version', '1.31.0', '--set', set);
    expect([code, stderr]).toEqual([1, expect.stringContaining(sentence)]);
  });
});
