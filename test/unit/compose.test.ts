import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { dockerNetwork, dockerPorts, karapace, writeDockerFiles } from '../../lab/docker.js';
import { REGISTRY } from '../../lab/principals.js';
import { registryUrl } from '../../lab/registry/apicurio.js';
import { versions } from '../../lab/versions.js';

interface Service {
  image: string;
  profiles?: string[];
  entrypoint?: string[];
  environment?: Record<string, string>;
  ports: string[];
  volumes: string[];
  healthcheck: { test: string[] };
}

/** When each service starts; without a profile, always. */
const profiles = {
  source: undefined,
  target: undefined,
  temporal: undefined,
  connect: ['connect'],
  'registry-source': ['registries'],
  'registry-target': ['registries'],
  worker: ['worker'],
};

const text = await readFile('docker-compose.yml', 'utf8');
const { services } = parse(text, { merge: true }) as {
  services: Record<keyof typeof profiles, Service>;
};

describe('docker-compose.yml describes the lab', () => {
  test('with the same images and versions', () => {
    expect(services.source.image).toBe(`apache/kafka:${versions.sourceKafka}`);
    expect(services.target.image).toBe(`apache/kafka:${versions.targetKafka}`);
    expect(services.temporal.image).toBe(`temporalio/temporal:${versions.temporalCli}`);
    expect(text).toContain(`server ${versions.temporalServer} and web UI ${versions.temporalUi}`);
    expect(services.connect.image).toBe(`apache/kafka:${versions.targetKafka}`);
    expect(services['registry-source'].image).toBe(`apicurio/apicurio-registry-mem:${versions.apicurio}`);
    expect(services['registry-target'].image).toBe(`ghcr.io/aiven-open/karapace:${versions.karapace}`);
  });

  test('and starts by itself only what is always needed', () => {
    const found = Object.entries(services).map(([name, service]) => [name, service.profiles]);
    expect(Object.fromEntries(found)).toEqual(profiles);
  });

  test('with the ports that its files name, on the loopback interface only', () => {
    const published = (...ports: number[]) => ports.map((port) => `127.0.0.1:${port}:${port}`);
    expect(services.source.ports).toEqual(published(dockerPorts.source.client));
    expect(services.target.ports).toEqual(published(dockerPorts.target.client));
    expect(services.temporal.ports).toEqual(
      published(dockerPorts.temporal.frontend, dockerPorts.temporal.ui),
    );
    expect(services.connect.ports).toEqual(published(dockerPorts.connect));
    for (const name of ['source', 'target'] as const)
      expect(services[`registry-${name}`].ports).toEqual(published(dockerPorts.registries[name]));
  });

  test('with a worker that may not take more memory than its heap and its records need, and is asked how it is', async () => {
    const worker = services.worker as unknown as Record<string, unknown>;
    expect(worker).toMatchObject({ build: '.', network_mode: 'host', read_only: true, mem_limit: '2g' });
    const image = await readFile('Dockerfile', 'utf8');
    const heapMiB = Number(/--max-old-space-size=(\d+)/.exec(image)?.[1]);
    expect(heapMiB).toBeLessThanOrEqual(1024);
    const [, script] = /^HEALTHCHECK .* CMD \["node", "dist\/(.*)\.js"\]$/m.exec(image) ?? [];
    expect((await stat(`${script}.ts`)).isFile()).toBe(true);
    // It mounts what is written for a person of this machine.
    expect(services.worker.volumes).toEqual(['./.lab/docker:/etc/ferry:ro']);
  });

  test('with an image that knows the authorities by which Temporal Cloud and clusters are trusted', async () => {
    const [, final = ''] =
      /^FROM [^\n]+\n(?!.*^FROM )(.*)/ms.exec(await readFile('Dockerfile', 'utf8')) ?? [];
    expect(final).toMatch(/^RUN apt-get update && apt-get install .*\bca-certificates\b/m);
  });

  test('with registries that listen where they are published', () => {
    const { source, target } = dockerPorts.registries;
    expect(services['registry-source'].environment!['HTTP_PORT']).toBe(String(source));
    expect(services['registry-target'].environment!['KARAPACE_PORT']).toBe(String(target));
    expect(services['registry-source'].healthcheck.test.at(-1)).toBe(
      `${registryUrl(source).replace('127.0.0.1', 'localhost')}/subjects`,
    );
  });

  test('with a Karapace that finds the target, as the principal and in the topic that it has grants for', async () => {
    const { environment } = services['registry-target'];
    expect(environment).toMatchObject({
      KARAPACE_BOOTSTRAP_URI: `${dockerNetwork.target.host}:${dockerNetwork.target.port}`,
      KARAPACE_SSL_CERTFILE: `/lab/clients/target/${REGISTRY}.pem`,
      KARAPACE_TOPIC_NAME: karapace.topic,
      KARAPACE_GROUP_ID: karapace.group,
    });
  });
});

describe('the files it mounts', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await writeDockerFiles(join(await mkdtemp(join(tmpdir(), 'ferry-compose-')), 'docker'));
  });
  afterAll(() => rm(join(folder, '..'), { recursive: true }));

  const paths = (written: string) =>
    [...written.matchAll(/\/lab(\/[\w./-]+)/g)].map((match) => match[1] ?? '');

  /** What the service itself, its own scripts and its own settings name. */
  const namedBy: Record<'source' | 'target' | 'connect' | 'registry-target', string[]> = {
    source: ['source/start.sh', 'source/server.properties'],
    target: ['target/start.sh', 'target/server.properties'],
    connect: ['connect/worker.properties', 'connect/source.properties', 'connect/target.properties'],
    'registry-target': [],
  };

  test.each(Object.keys(namedBy) as (keyof typeof namedBy)[])(
    'hold everything that %s names, readable by the owner only',
    async (name) => {
      const { entrypoint, healthcheck, volumes, environment = {} } = services[name];
      expect(volumes).toContain('./.lab/docker:/lab:ro');
      const written = await Promise.all(namedBy[name].map((file) => readFile(join(folder, file), 'utf8')));
      const named = [...entrypoint!, ...healthcheck.test, ...Object.values(environment), ...written].flatMap(
        paths,
      );
      expect(named.length).toBeGreaterThan(1);
      for (const path of named) {
        const { mode } = await stat(join(folder, path));
        expect([path, mode & 0o077]).toEqual([path, 0]);
      }
      expect(written.join('')).not.toContain(folder);
    },
  );

  test('let every container reach the clusters by the name of their service', async () => {
    for (const name of ['source', 'target'] as const) {
      const { host, port } = dockerNetwork[name];
      const settings = await readFile(join(folder, name, 'server.properties'), 'utf8');
      expect(settings).toContain(`,NETWORK://${host}:${port}\n`);
      const client = await readFile(join(folder, 'connect', `${name}.properties`), 'utf8');
      expect(client).toContain(`bootstrap.servers=${host}:${port}\n`);
      expect(Object.keys(services)).toContain(host);
    }
    const certificate = new X509Certificate(
      await readFile(join(folder, 'clients', 'target', 'broker.pem'), 'utf8'),
    );
    expect(certificate.checkHost(dockerNetwork.target.host)).toBe(dockerNetwork.target.host);
  });

  test('secure both sides as the lab does', async () => {
    const settings = async (name: string) => readFile(join(folder, name, 'server.properties'), 'utf8');
    expect(await settings('source')).toContain(
      'listener.name.client.sasl.enabled.mechanisms=SCRAM-SHA-512\n',
    );
    expect(await settings('target')).toContain('ssl.client.auth=required\n');
    for (const name of ['source', 'target']) {
      expect(await settings(name)).toContain('allow.everyone.if.no.acl.found=false\n');
      expect(await settings(name)).not.toContain('ANONYMOUS');
    }
  });
});
