import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { principalsOf } from '../../src/kafka/kerberos/keytab.js';
import { notInstalled, ticketFailure } from '../../src/kafka/kerberos/ticket-failure.js';
import type { TicketOrigin } from '../../src/kafka/kerberos/ticket-origin.js';
import { connectionFailure } from '../../src/kafka/link/connection-failure.js';
import { LayerWanted } from '../../src/kafka/link/login.js';
import { principalOf } from '../../src/kafka/link/principal.js';
import { damagedOf, ending, fuzzTimeoutMs, runs } from './fuzzing.js';

/** By `ktadd` of MIT's kadmin.local 1.20.1, of a realm that is gone: two keys of ferry@LAB.TEST. */
const keytab = Buffer.from(
  'BQIAAABEAAEACExBQi5URVNUAAVmZXJyeQAAAAFrC/0/AgASACDbI3MqDwm2xBnn+d+xycWyDFwMGcNK6CACbsHMuQY+7wAAAAIAAAA0AAEACExBQi5URVNUAAVmZXJyeQAAAAFrC/0/AgARABA9Mk8u4Z2EFlWV7ESzeXG0AAAAAg==',
  'base64',
);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-keytab-'));
  writeFileSync(join(folder, 'ferry.keytab'), keytab);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a keytab', () => {
  test('tells whose keys it has, each once, past the holes of deleted ones', () => {
    expect(principalsOf(keytab)).toEqual(['ferry@LAB.TEST']);
    const hole = Buffer.alloc(24);
    hole.writeInt32BE(-20);
    expect(principalsOf(Buffer.concat([keytab.subarray(0, 2), hole, keytab.subarray(2)]))).toEqual([
      'ferry@LAB.TEST',
    ]);
    expect(principalsOf(keytab.subarray(0, 2))).toEqual([]);
  });

  test('is told from other files', () => {
    for (const other of ['', 'k', '[libdefaults]\n'])
      expect(principalsOf(Buffer.from(other))).toBeUndefined();
    expect(principalsOf(keytab.subarray(0, 30))).toBeUndefined();
  });

  test(
    'that is damaged in any way is read or refused',
    () => {
      fc.assert(
        fc.property(damagedOf([keytab]), ({ bytes }) => {
          const found = ending(() => principalsOf(bytes));
          expect(found?.join('').length ?? 0).toBeLessThanOrEqual(3 * bytes.length);
        }),
        { numRuns: runs },
      );
    },
    fuzzTimeoutMs,
  );
});

describe('what Kerberos says is told in a sentence', () => {
  const cache: TicketOrigin = { from: 'cache', name: 'KCM:' };
  const own = (): TicketOrigin => ({
    from: 'keytab',
    path: join(folder, 'ferry.keytab'),
    principal: 'ferry@LAB.TEST',
  });
  const none = 'No credentials were supplied, or the credentials were unavailable or inaccessible: ';
  const unspecified = 'Unspecified GSS failure.  Minor code may provide more information: ';
  const say = (origin: TicketOrigin, said: string) => ticketFailure('onprem', origin, 'kafka/b1', said);

  test.each([
    [
      `${none}Cannot contact any KDC for realm 'LAB.TEST'`,
      'Unreachable',
      'No KDC of the realm LAB.TEST answered',
    ],
    [
      `${unspecified}Cannot resolve network address for KDC in realm "X"`,
      'Unreachable',
      'No KDC of the realm X',
    ],
    [
      `${none}Cannot find KDC for realm "OTHER.TEST"`,
      'Unauthenticated',
      'Kerberos knows no KDC of the realm OTHER.TEST',
    ],
    [`${none}Clock skew too great`, 'Unauthenticated', 'The clock of this machine and that of the KDC'],
    [
      `${unspecified}Server kafkaa/b1@LAB.TEST not found in Kerberos database`,
      'Unauthenticated',
      'The KDC knows no service kafkaa/b1@LAB.TEST',
    ],
    [
      `${unspecified}Server krbtgt/OTHER@LAB.TEST not found in Kerberos database`,
      'Unauthenticated',
      'The KDC knows no way to the realm of kafka/b1',
    ],
    [
      `${none}Client 'ferry@LAB.TEST' not found in Kerberos database`,
      'Unauthenticated',
      'The KDC knows no principal ferry@LAB.TEST',
    ],
    [
      `${none}Decrypt integrity check failed`,
      'Unauthenticated',
      'The KDC does not take the key of ferry@LAB.TEST',
    ],
    [
      `${none}Client's entry in database has expired in database`,
      'Unauthenticated',
      'The KDC has locked the principal ferry@LAB.TEST',
    ],
    [`${none}KDC has no support for encryption type`, 'Unauthenticated', 'The KDC and the keytab'],
    [
      'Opening library libgssapi_krb5.so.2 failed',
      'BadInput',
      'Cluster "onprem" asks for gssapi, and Kerberos is not installed',
    ],
    ['something that nobody has seen', 'Unauthenticated', 'Kerberos gives no ticket for kafka/b1'],
  ])('%s', async (said, type, begins) => {
    const failure = await say(own(), said);
    expect(failure.type).toBe(type);
    expect(failure.message.startsWith(begins)).toBe(true);
    expect(failure.message).toMatch(/^[^\n]*[^.\n]\.$/);
    expect(failure.message).not.toContain('Minor code');
  });

  test('of a cache that is empty, or has ended', async () => {
    expect((await say(cache, `${unspecified}Ticket expired`)).message).toBe(
      'The tickets in the credential cache KCM: for cluster "onprem" have ended: see that whatever renews them runs.',
    );
    expect(
      (await say(cache, `${none}No Kerberos credentials available (default cache: KCM:)`)).message,
    ).toMatch(/^There are no tickets in the credential cache KCM: for cluster "onprem"/);
  });

  test('of a keytab that is none of this principal', async () => {
    const said = `${none}Can't find client principal ferry@OTHER in cache collection`;
    const other = { ...own(), principal: 'ferry@OTHER' } as TicketOrigin;
    expect((await say(other, said)).message).toBe(
      `The keytab ${join(folder, 'ferry.keytab')} for cluster "onprem" holds no key of ferry@OTHER, but of ferry@LAB.TEST: check principal and its realm.`,
    );
  });
});

test('a broker that wants a security layer is told of as one', () => {
  const sasl = { mechanism: 'gssapi', service: 'kafka', tickets: { from: 'cache', name: 'KCM:' } } as const;
  expect(
    connectionFailure('onprem', 'b1:9092', { bootstrap: [], sasl }, new LayerWanted('it wants one')),
  ).toMatchObject({ type: 'Unsupported', message: expect.stringContaining('sasl.qop=auth') as unknown });
});

test('the principal is the first part of the one that the login names, and unknown where it names none', () => {
  const of = (tickets: TicketOrigin) =>
    principalOf({ bootstrap: [], sasl: { mechanism: 'gssapi', service: 'kafka', tickets } });
  expect(of({ from: 'keytab', path: '/k', principal: 'ferry/host.example@EXAMPLE.COM' })).toBe('User:ferry');
  expect(of({ from: 'cache', name: 'KCM:', principal: 'ferry@EXAMPLE.COM' })).toBe('User:ferry');
  expect(of({ from: 'cache', name: 'KCM:' })).toBeUndefined();
});

test('where the package is not installed, that is what is said', async () => {
  // Beside no node_modules.
  cpSync(
    new URL('../../src/kafka/kerberos/gssapi-program.ts', import.meta.url),
    join(folder, 'gssapi-program.ts'),
  );
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const child = fork(join(folder, 'gssapi-program.ts'), { execArgv: ['--import', tsx] });
  try {
    child.send({ id: 1, context: 1, call: 'begin', service: 'kafka@b1' });
    expect(await once(child, 'message')).toEqual([{ id: 1, missing: true }, undefined]);
  } finally {
    child.kill('SIGKILL');
  }
  expect(notInstalled('onprem').message).toBe(
    'Cluster "onprem" asks for gssapi, and Kerberos is not installed: install its library and headers (Debian: libkrb5-dev), then run npm install kerberos where the ferry is installed.',
  );
});
