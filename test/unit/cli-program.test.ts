import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from '@jest/globals';
import { createProgram, ferry } from '../../app/cli/program.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-cli-'));
  write('ferry.yaml', 'clusters: { a: { bootstrap: [a.example:1] }, b: { bootstrap: [b.example:1] } }');
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function ferryOf(...words: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  let code: number | undefined;
  await ferry(words, {
    terminal: {
      print: (text) => out.push(text),
      complain: (text) => err.push(text),
      redraws: false,
      redraw: () => undefined,
    },
    environment: { FERRY_CONFIG: join(folder, 'ferry.yaml') },
    end: (exitCode) => (code = exitCode),
  });
  return { out: out.join('\n'), err, code };
}

const verbs = [
  'plan',
  'start',
  'status',
  'confirm',
  'approve',
  'pause',
  'resume',
  'retry',
  'skip',
  'abort',
  'list',
  'drain',
  'worker',
];

test('the version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect(await ferryOf('--version')).toEqual({ out: version, err: [], code: 0 });
});

describe('help', () => {
  it('lists every verb', async () => {
    const { out, code } = await ferryOf('--help');
    expect(code).toBe(0);
    for (const verb of verbs) expect(out).toMatch(new RegExp(`^  ${verb} `, 'm'));
  });

  it('has no verb that is not found by its name alone', async () => {
    const surroundings = {
      terminal: {
        print: () => undefined,
        complain: () => undefined,
        redraws: false,
        redraw: () => undefined,
      },
      environment: {},
      end: () => undefined,
    };
    const namesOf = async (verb?: string) =>
      (await createProgram(surroundings, verb)).commands.map((command) => command.name());
    const all = await namesOf();
    expect(all).toEqual(expect.arrayContaining(verbs));
    for (const verb of all) {
      const alone = await namesOf(verb);
      expect(alone).toContain(verb);
      expect(alone.length).toBeLessThanOrEqual(5);
    }
  });

  it.each(verbs)('of %s has an example, --json and the exit codes', async (verb) => {
    const { out, code } = await ferryOf(verb, '--help');
    expect(code).toBe(0);
    expect(out).toContain(`Example:\n  ferry ${verb}`);
    expect(out).toContain('--json');
    expect(out).toMatch(/Exit codes: 0 [a-z]+, 1 [a-z ]+, 2 bad input(, |\.)/);
  });

  it.each([
    ['verify', '0 equal, 1 differs or failed, 2 bad input, 4 not proved.'],
    ['drain', '0 drained, 1 not drained or failed, 2 bad input.'],
    ['status', '0 done, 1 failed, 2 bad input, 3 waiting on a person.'],
  ])('of %s says what it really ends with', async (verb, exits) => {
    expect((await ferryOf(verb, '--help')).out).toContain(`Exit codes: ${exits}`);
  });
});

describe('a command line that makes no sense is one sentence and exit code 2', () => {
  it.each([
    [['frobnicate'], /unknown command 'frobnicate'/i],
    [['stats', 'orders'], /did you mean status\?/i],
    [[], /say what to do/i],
    [['status'], /missing required argument 'name'/i],
    [['approve', 'orders'], /--delete/],
    [['list', '--nonsense'], /unknown option '--nonsense'/i],
    [['drain', '--cluster', 'a', '--topic', 't', '--isolation', 'none'], /read_uncommitted, read_committed/],
    [
      ['confirm', 'orders', 'producerSwitch'],
      /"producerSwitch" is no step that a person confirms.*producerSwitched/,
    ],
    [['confirm', 'orders', 'deletionApproved'], /ferry approve orders --delete TOPIC/],
    [['drain', '--cluster', 'c', '--topic', 't'], /no cluster "c"; it has a, b/],
  ])('%j', async (words, sentence) => {
    const { out, err, code } = await ferryOf(...words);
    expect({ out, lines: err.length, code }).toEqual({ out: '', lines: 1, code: 2 });
    expect(err[0]).toMatch(sentence);
  });

  it('as JSON where JSON is asked for', async () => {
    const { out, err, code } = await ferryOf('status', '--json');
    expect({ err, code }).toEqual({ err: [], code: 2 });
    expect(JSON.parse(out)).toEqual({
      error: { type: 'BadInput', message: expect.stringMatching(/missing required argument/i) },
    });
  });
});

describe.each(['plan', 'start'])('%s refuses a file', (verb) => {
  it('with a sentence for each mistake', async () => {
    const file = write(
      'wrong.yaml',
      'name: Orders\nstrategy: simplestCase\nsource: a\ntarget: a\ntopics: []\nfoo: 1\n',
    );
    const { out, err, code } = await ferryOf(verb, file);
    expect({ out, code }).toEqual({ out: '', code: 2 });
    expect(err.sort()).toEqual([
      `${file}: foo: is not a key of a migration file`,
      expect.stringContaining(`${file}: name: expected a name`),
      `${file}: target: expected another cluster than the source`,
      `${file}: topics: expected at least one topic`,
    ]);
  });

  it('that is no YAML, with line and column', async () => {
    const file = write('broken.yaml', 'name: orders\ntopics: [\n');
    const { err, code } = await ferryOf(verb, file);
    expect(code).toBe(2);
    expect(err[0]).toMatch(/broken\.yaml: line \d+, column \d+: is no YAML: /);
  });

  it('that is not there', async () => {
    const { err, code } = await ferryOf(verb, join(folder, 'none.yaml'));
    expect({ err, code }).toEqual({ err: [`${join(folder, 'none.yaml')}: there is no such file`], code: 2 });
  });

  it('whose clusters ferry.yaml lacks', async () => {
    const file = write(
      'unknown.yaml',
      'name: orders\nstrategy: simplestCase\nsource: a\ntarget: nowhere\ntopics: [{ name: t }]\n',
    );
    const { err, code } = await ferryOf(verb, file);
    expect({ err, code }).toEqual({
      err: [`${file}: target: ferry.yaml has no cluster "nowhere"; it has a, b.`],
      code: 2,
    });
  });
});

describe('without Temporal', () => {
  it.each([['status', 'orders'], ['list']])('%s says so, with the address', async (...words) => {
    const address = `127.0.0.1:${await closedPort()}`;
    const config = write('nowhere.yaml', `temporal: { address: "${address}" }`);
    const { out, err, code } = await ferryOf(...words, '--config', config);
    expect({ out, code }).toEqual({ out: '', code: 1 });
    expect(err).toEqual([expect.stringContaining(`Temporal at ${address} did not answer`)]);
  });

  it('plan says what its ferry.yaml does not know', async () => {
    const address = `127.0.0.1:${await closedPort()}`;
    const config = write(
      'teams.yaml',
      JSON.stringify({
        temporal: { address },
        clusters: { a: { bootstrap: [address] }, b: { bootstrap: [address] } },
        notify: { webhooks: { board: { url: 'https://board.example' } }, teams: { payments: ['board'] } },
      }),
    );
    const file = write(
      'teams-orders.yaml',
      'name: orders\nstrategy: simplestCase\nsource: a\ntarget: b\ntopics: [{ name: t }]\nnotify: { teams: [payments, paymets] }\n',
    );
    const { out } = await ferryOf('plan', file, '--config', config, '--json');
    const { findings } = JSON.parse(out) as {
      findings: { key: string; weight: string; sentence: unknown }[];
    };
    expect(findings.filter(({ key }) => key.startsWith('team-'))).toEqual([
      {
        ...{ weight: 'notes', key: 'team-unknown:paymets' },
        sentence: expect.stringContaining('no team paymets under notify.teams') as unknown,
      },
    ]);
  });
});

/** A port of this machine on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

describe('what is said to a fleet', () => {
  test.each([
    [['freeze', 'shop', 'wave-2', '--until', '2026-12-24T08:00Z', '--reason', 'x'], 'leave out wave-2'],
    [['thaw', 'shop', 'wave-2'], 'leave out wave-2'],
    [['status', 'shop', 'wave-2'], 'leave out wave-2'],
    [['start', 'fleet.yaml', 'wave-2'], 'leave out wave-2'],
    [['pause', 'shop', 'wave-2', '--until', '2026-12-24T08:00Z', '--reason', 'x'], 'takes no --until'],
    [['resume', 'shop', 'wave-2', '--anyway'], 'takes no --anyway'],
    [['approve', 'shop', 'wave-2', '--watch', '--reason', 'x'], 'takes no --watch'],
    [['status', 'shop', '--reason', 'x'], 'takes no --reason'],
  ])('is refused with a word that it would drop: %j', async (words, sentence) => {
    expect(await ferryOf('fleet', ...words)).toEqual({
      ...{ out: '', code: 2 },
      err: [expect.stringContaining(sentence)],
    });
  });
});
