import { afterAll, describe, expect, it } from '@jest/globals';
import { ConfigFolder } from './config-folder.js';

const folder = new ConfigFolder();
afterAll(() => folder.remove());

describe('a configuration', () => {
  it.each([
    ['ftp://registry', 'registries.a.url: expected the address of a registry'],
    ['http://user:secret@registry', 'registries.a.url: expected no login in the address'],
    [
      'http://registry, username: u',
      'registries.a: expected username together with either password or passwordFile',
    ],
    [
      'http://registry, password: p',
      'registries.a: expected username together with either password or passwordFile',
    ],
    ['http://registry, tls: true', 'registries.a: expected an address with https beside tls'],
  ])('has no registry with url: %s', (url, mistake) => {
    const { mistakes } = folder.read(
      `registries: { a: { url: "${url.replace(',', '",')}${url.includes(',') ? '' : '"'} } }`,
    );
    expect(mistakes?.map(({ path, expected }) => `${path}: ${expected}`)).toEqual([
      expect.stringContaining(mistake),
    ]);
    expect(JSON.stringify(mistakes)).not.toMatch(/secret/);
  });

  it.each([
    [
      'connect.a',
      'connect: { a: { url: URL, sourceClient: { bootstrap.servers: b }, targetClient: { bootstrap.servers: b } } }',
    ],
    ['temporal.ui', 'temporal: { address: 127.0.0.1:7233, ui: URL }'],
    ['worker.traces', 'worker: { traces: URL }'],
    [
      'notify.webhooks',
      'notify: { webhooks: { board: { url: URL, secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw } } }',
    ],
  ])('has no address with a login in %s, where sentences and links would show it', (path, yaml) => {
    const { mistakes } = folder.read(yaml.replace('URL', '"https://me:hunter2@there.example"'));
    expect(mistakes?.filter((one) => one.path.startsWith(path)).map(({ expected }) => expected)).toEqual([
      expect.stringContaining('expected no login in the address'),
    ]);
    expect(JSON.stringify(mistakes)).not.toContain('hunter2');
  });

  it('has no Connect without an address, with half a login, or with a secret where only a reference may stand', () => {
    const { mistakes } = folder.read(`
connect:
  a: { url: connect:8083, username: ferry, sourceClient: { bootstrap.servers: b }, targetClient: {} }
  b:
    url: http://connect
    sourceClient: { bootstrap.servers: b, ssl.key.password: hunter2 }
    targetClient: { bootstrap.servers: "\${NOWHERE}" }`);
    expect(mistakes?.map(({ path }) => path).sort()).toEqual([
      'connect.a',
      'connect.a.targetClient',
      'connect.a.url',
      'connect.b.sourceClient',
      'connect.b.targetClient.bootstrap.servers',
    ]);
    expect(JSON.stringify(mistakes)).not.toContain('hunter2');
  });
});
