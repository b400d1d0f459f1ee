import { readFileSync } from 'node:fs';
import { afterEach, expect, it } from '@jest/globals';
import type { DoubleOptions } from '../../lab/registry-double/server.js';
import { openGround, type Ground } from '../registry/ground.js';
import { avro } from '../registry/schemas.js';
import { protobuf } from '../registry/proto-files.js';

let ground: Ground | undefined;
afterEach(() => ground?.close());

/** What stands for each row of the table in docs/running.md. */
const registries: Record<string, DoubleOptions[]> = {
  'Karapace 6.2.4 or later': [{}],
  'Karapace before, or with changes of mode forbidden': [{ importMode: 'read' }, { mutableModes: false }],
  Confluent: [{ writesAnew: false }],
  'Apicurio 2.6 and 3.0': [{ importMode: 'none', writesAnew: false }],
  'Apicurio 3.3': [{ importMode: 'echoed', writesAnew: false }],
};
const page = readFileSync(new URL('../../docs/running.md', import.meta.url), 'utf8');
const table = page.slice(page.indexOf('| Target registry')).split('\n\n')[0]!;
const rows = table
  .split('\n')
  .slice(2)
  .map((row) => row.split('|').map((cell) => cell.trim()))
  .map(([, registry = '', ids = '', schemas = '', asked = '']) => ({ registry, ids, schemas, asked }));

it('the page has a row for each of them', () => {
  expect(rows.map(({ registry }) => registry)).toEqual(Object.keys(registries));
});

it.each(rows.flatMap((row) => registries[row.registry]!.map((target) => ({ ...row, target }))))(
  'the page says what is true of $registry, as $target',
  async ({ ids, schemas, asked, target }) => {
    ground = await openGround({ source: { writesAnew: false }, target });
    await ground.source.register('a', avro('A'));
    await ground.source.register('c', avro('C'));
    await ground.source.register('b-value', protobuf('syntax = "proto3"; enum E { reserved 4; Z = 0; }'));
    await ground.target.register('a', avro('A'));
    const inUse = await ground.copy(['b-value']);
    const kept = ids.startsWith('kept');
    expect(inUse).toMatchObject(
      kept ? { complete: true, way: 'import' } : { complete: false, registered: 0 },
    );
    const standing = inUse.findings
      .filter(({ weight }) => weight !== 'notes')
      .map(({ key }) => key.split(':')[0]!);
    for (const key of standing) expect(asked).toContain(`\`${key}\``);
    expect(standing.includes('schema-rewritten')).toBe(kept && schemas.includes('written down anew'));
    expect(standing.includes('schema-ids-not-kept')).toBe(!kept);
    // Nothing that was refused is left.
    if (!kept) expect(await ground.target.subjects({ deleted: true })).toEqual(['a']);
  },
);
