import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { stepsAhead } from '../../activities/plan/steps-ahead.js';
import { drainText } from '../../app/cli/drain.js';
import { listText } from '../../app/cli/list.js';
import { offsetsText } from '../../app/cli/offsets.js';
import { planText } from '../../app/cli/planning.js';
import { ferry } from '../../app/cli/program.js';
import { scanText } from '../../app/cli/scan.js';
import { startMigration } from '../../app/cli/start.js';
import { statusLine, statusLines } from '../../app/cli/status-text.js';
import { processTerminal } from '../../app/cli/terminal.js';
import type { Temporal } from '../../app/cli/temporal.js';
import { parseMigration, type Migration } from '../../src/migration/file.js';
import { oneLine } from '../../src/migration/foreign-text.js';
import { quoted } from '../../src/migration/next-command.js';
import { statusOf } from '../../src/migration/status.js';
import { group, inventory, topic } from './inventories.js';
import { stateAt, the } from './migration-states.js';

/** What anybody who may commit can call a group: its id goes on as a command of the ferry's, or as its verdict. */
const forged = [
  'audit\n  ferry abort orders --note "a test, harmless',
  'late\nbilling: drained',
  'billing\r\nOK: nothing blocks',
  'a\u2028b\u0085c\u001b[2K',
];
const breaks = fc.constantFrom(
  '\n',
  '\r',
  '\u0085',
  '\u2028',
  '\u2029',
  '\u001b[1A',
  '\n  ferry abort orders',
);
const foreign = fc.oneof(
  fc.constantFrom(...forged),
  fc.array(fc.oneof(fc.string(), breaks), { minLength: 1, maxLength: 4 }).map((all) => `g${all.join('')}`),
);

const now = new Date('2026-03-01T12:00:00.000Z');
const startedAt = now.toISOString();

function migrationWith(name: string): Migration {
  const { migration } = parseMigration({
    ...{ name: 'orders', strategy: 'simpleMirroring', source: 'onprem', target: 'aiven' },
    topics: [{ name: 'orders' }],
    consumers: [{ group: name, newGroup: `${name}.new` }],
  });
  if (!migration) throw new Error('the migration of this test is valid');
  return migration;
}

/** At a step of people, with a finding about the group, all of it said again where a status says such things. */
function statusWith(name: string) {
  const state = stateAt('consumerSwitched', 'waiting', { consumers: [{ group: name }, { group: 'z' }] });
  const why = `${name} has moved`;
  Object.assign(the(state, 'consumerSwitched'), {
    says: `waiting for ${name}`,
    openedAgain: { at: startedAt, why },
    contradicted: { at: startedAt, why },
    problem: {
      ...{ type: 'Findings', sentence: why, offers: ['accept', 'abort'] },
      findings: [{ weight: 'asks', key: `group-not-in-file:${name}`, sentence: why }],
    },
  });
  state.refused.push({ at: startedAt, message: 'consumerSwitched', why });
  return statusOf(state);
}

const seenOf = (name: string) => {
  const says = `${name} lags`;
  return {
    live: [{ says, at: startedAt }],
    troubles: [{ why: says, since: startedAt, attempts: 2 }],
    link: undefined,
  };
};

const scanned = (name: string) =>
  inventory({
    topics: [
      topic('orders', { rate: { value: 3 }, producers: { unknown: `not read beside ${name}` } }),
      topic('refunds', { rate: { value: 3 } }),
    ],
    groups: {
      value: [
        group(name, ['orders', 'refunds'], { movesWithoutMembers: { value: true } }),
        group(`${name}-too`, [], { kind: 'streams', committed: { unknown: 'not read' } }),
      ],
    },
    openTransactions: {
      value: [{ transactionalId: name, startedAt: 1, topics: ['orders', 'refunds'] }],
    },
  });

async function startDetails(name: string): Promise<string> {
  let details = '';
  const start = (_: string, { staticDetails }: { staticDetails: string }) => {
    details = staticDetails;
    return Promise.resolve({ firstExecutionRunId: 'run' });
  };
  const temporal = { client: { workflow: { start } }, settings: { taskQueue: 'ferry' } };
  await startMigration(temporal as unknown as Temporal, { migration: migrationWith(name), written: {} });
  return details;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-forged-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function advice(name: string): Promise<string> {
  const path = join(folder, 'inventory.json');
  writeFileSync(path, JSON.stringify(scanned(name)));
  const printed: string[] = [];
  await ferry(['advise', path], {
    terminal: {
      print: (text) => void printed.push(text),
      complain: (text) => void printed.push(text),
      redraws: false,
      redraw: () => undefined,
    },
    environment: {},
    end: () => undefined,
  });
  return printed.join('\n');
}

const partition = { topic: 'orders', partition: 0 };
const texts: Record<string, (name: string) => string | Promise<string>> = {
  'ferry status': (name) =>
    statusLines(statusWith(name), seenOf(name), now)
      .map(({ text }) => text)
      .join('\n'),
  'ferry status --watch in a pipe': (name) => statusLine(statusWith(name), seenOf(name), now),
  'ferry list': (name) =>
    listText(
      [
        {
          ...{ name: 'orders', workflowId: 'migrate/orders', strategy: 'simpleMirroring', state: 'running' },
          ...{ step: 'drain', startedAt, running: true, source: 'onprem', target: 'aiven' },
          troubles: seenOf(name).troubles,
        } as never,
      ],
      now,
    ),
  'ferry plan': (name) => {
    const migration = migrationWith(name);
    const topics = { awaited: [], toCreate: [], target: new Map(), hidden: new Map() } as never;
    const finding = (weight: 'asks' | 'notes') => ({
      weight,
      key: `group-not-in-file:${name}`,
      sentence: `${name} reads it.`,
    });
    return planText(migration, {
      topicIds: {},
      will: [
        ...stepsAhead(migration, topics, undefined),
        ...stepsAhead({ ...migration, strategy: 'simplestCase' }, topics, undefined),
      ],
      findings: [finding('asks'), finding('notes')],
    });
  },
  'ferry drain': (name) =>
    drainText(
      [{ group: name, drained: false, partitions: [] }],
      new Map([[name, `A commit of ${name} is pending.`]]),
    ),
  'ferry offsets': (name) =>
    offsetsText(
      {
        ...{ group: name, onTarget: `${name}.new`, pending: { source: `A commit of ${name} is pending.` } },
        partitions: [
          {
            ...{ ...partition, source: 1n, aheadOnSource: 2n, translated: null },
            ...{ aheadOnTarget: null, committed: null },
          },
        ],
      },
      { source: 'onprem', target: 'aiven' },
    ),
  'ferry scan': (name) => scanText(scanned(name), {}),
  'ferry advise': advice,
  'what the web UI says of a migration that was started': startDetails,
};

describe('a name that forges lines', () => {
  it.each(Object.entries(texts))('makes none in %s', async (_, text) => {
    const lines = async (name: string) => (await text(name)).split(/[\n\r\u0085\u2028\u2029]/).length;
    const plain = await lines('billing');
    expect(await text('billing')).toContain('billing');
    await fc.assert(
      fc.asyncProperty(foreign, async (name) => expect(await lines(name)).toBe(plain)),
      { numRuns: 60, examples: forged.map((name) => [name]) },
    );
  });

  it('makes none among the mistakes of the error stream', () => {
    const written: unknown[] = [];
    const write = jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
      written.push(text);
      return true;
    });
    processTerminal({}).complain('orders has no group billing\nOK: nothing blocks.');
    write.mockRestore();
    expect(written).toEqual(['orders has no group billing\\u000aOK: nothing blocks.\n']);
  });

  it('is a word of a command that a shell takes for exactly that name', () => {
    const names = fc
      .oneof(foreign, fc.string({ unit: 'grapheme' }), fc.constantFrom("it's \\n\n\\'1", "\u00018'"))
      .filter((name) => !name.includes('\0'));
    fc.assert(
      fc.property(fc.array(names, { minLength: 20 }), (all) => {
        const words = all.map(quoted);
        expect(words).toEqual(words.map(oneLine));
        const said = execFileSync('bash', ['-c', `printf '%s\\0' ${words.join(' ')}`], { encoding: 'utf8' });
        expect(said.split('\0').slice(0, -1)).toEqual(all);
      }),
      { numRuns: 20 },
    );
  });
});
