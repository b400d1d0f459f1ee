import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { fileFor } from '../../app/cli/amend.js';
import { readMany } from '../../app/cli/folder.js';
import { readMigration } from '../../app/cli/migration-file.js';
import type { Config } from '../../app/config/config.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-one-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, value: object): string {
  const path = join(folder, name);
  writeFileSync(path, stringify(value));
  return path;
}

const config = { clusters: { onprem: {}, aiven: {} } } as unknown as Config;
const orders = { name: 'orders', strategy: 'simplestCase', topics: [{ name: 'orders' }] };
const defaults = {
  ...{ source: 'onprem', target: 'aiven', waits: { soak: '7d' } },
  leaveBehind: { groups: ['audit'] },
};

test('one file means the same alone, among others of its folder, and for what runs', () => {
  write('defaults.yaml', defaults);
  const path = write('orders.yaml', orders);
  const whole = { ...defaults, ...orders };
  expect(readMany(folder, config)).toMatchObject([{ written: whole }]);
  expect(readMigration(path, config)).toMatchObject({
    written: whole,
    migration: { waits: { soak: '7d' }, leaveBehind: { groups: ['audit'] } },
  });
  expect(fileFor('orders', path)).toEqual(whole);
});

test('a migration of a fleet is amended by the file of the fleet, with what that says for all', () => {
  write('defaults.yaml', defaults);
  write('orders.yaml', orders);
  const fleet = write('fleet.yaml', {
    name: 'shop',
    defaults: { team: 'shop', waits: { soak: '9d' } },
    waves: [{ name: 'one', migrations: ['orders.yaml'] }],
  });
  expect(fileFor('orders', fleet)).toEqual({ ...defaults, ...orders, team: 'shop', waits: { soak: '9d' } });
  expect(() => fileFor('payments', fleet)).toThrow('has no migration payments');
});

test('mistakes of defaults.yaml are told with every file that it counts for', () => {
  const path = write('orders.yaml', orders);
  write('defaults.yaml', ['no', 'object']);
  expect(() => fileFor('orders', path)).toThrow('defaults.yaml: expected an object');
});
