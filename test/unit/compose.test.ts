import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { dockerPorts, writeDockerFiles } from '../../lab/docker.js';
import { versions } from '../../lab/versions.js';

interface Service {
  image: string;
  entrypoint?: string[];
  ports: string[];
  volumes: string[];
  healthcheck: { test: string[] };
}

const text = await readFile('docker-compose.yml', 'utf8');
const { services } = parse(text, { merge: true }) as {
  services: Record<'source' | 'target' | 'temporal', Service>;
};

describe('docker-compose.yml describes the lab', () => {
  test('with the same images and versions', () => {
    expect(Object.keys(services).sort()).toEqual(['source', 'target', 'temporal']);
    expect(services.source.image).toBe(`apache/kafka:${versions.sourceKafka}`);
    expect(services.target.image).toBe(`apache/kafka:${versions.targetKafka}`);
    expect(services.temporal.image).toBe(`temporalio/temporal:${versions.temporalCli}`);
    expect(text).toContain(`server ${versions.temporalServer} and web UI ${versions.temporalUi}`);
  });

  test('with the ports that its files name, on the loopback interface only', () => {
    const published = (...ports: number[]) => ports.map((port) => `127.0.0.1:${port}:${port}`);
    expect(services.source.ports).toEqual(published(dockerPorts.source.client));
    expect(services.target.ports).toEqual(published(dockerPorts.target.client));
    expect(services.temporal.ports).toEqual(
      published(dockerPorts.temporal.frontend, dockerPorts.temporal.ui),
    );
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

  test.each(['source', 'target'] as const)(
    'hold everything that the %s names, readable by the owner only',
    async (name) => {
      const { entrypoint, healthcheck, volumes } = services[name];
      expect(volumes).toContain('./.lab/docker:/lab:ro');
      const start = await readFile(join(folder, name, 'start.sh'), 'utf8');
      const settings = await readFile(join(folder, name, 'server.properties'), 'utf8');
      const named = [...entrypoint!, ...healthcheck.test, start, settings].flatMap(paths);
      expect(named).toEqual(expect.arrayContaining([`/${name}/start.sh`, `/${name}/admin.properties`]));
      for (const path of named)
        expect([path, (await stat(join(folder, path))).mode & 0o777]).toEqual([path, 0o600]);
      expect(start + settings).not.toContain(folder);
    },
  );

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
