import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { interview } from '../../app/cli/interview.js';
import { ferry } from '../../app/cli/program.js';
import { parseYaml } from '../../app/config/yaml-file.js';
import { advise } from '../../src/advice/advise.js';
import { setsOf } from '../../src/advice/sets.js';
import { fleetShape } from '../../src/fleet/file.js';
import { group, inventory, topic } from './inventories.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-advise-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function advising(...words: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  let code: number | undefined;
  await ferry(['advise', ...words], {
    terminal: {
      print: (text) => void out.push(text),
      complain: (text) => void err.push(text),
      redraws: false,
      redraw: () => undefined,
    },
    environment: {},
    end: (exitCode) => (code = exitCode),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

const write = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const scanned = inventory({
  scannedAt: '2026-06-01T00:00:00.000Z',
  topics: [
    topic('shop.orders', { rate: { value: 3 }, bytes: { value: 5 } }),
    // Beside a file that is named so.
    topic('fleet', { rate: { value: 3 }, bytes: { value: 7 } }),
    topic('shop.old', { newest: { value: 5 } }),
  ],
  groups: { value: [group('billing', ['shop.orders'])] },
});

it('writes waves as a fleet file, with a migration file for each set that moves', async () => {
  const file = write('inventory.json', JSON.stringify(scanned));
  const to = join(folder, 'advised');
  const { code, out } = await advising(file, '--waves', '--write', to, '--target', 'aiven');
  expect(code).toBe(0);
  expect(out).toContain('2 files written, and');
  const fleet = fleetShape().parse(parseYaml(readFileSync(join(to, 'fleet.yaml'), 'utf8')).value);
  expect(fleet.waves).toEqual([{ name: 'wave-1', migrations: ['shop.orders.yaml', 'fleet-2.yaml'] }]);
  expect(fleet.idle.map(({ topic }) => topic)).toEqual(['shop.old']);
  for (const path of fleet.waves.flatMap(({ migrations }) => migrations))
    expect(readFileSync(join(to, typeof path === 'string' ? path : ''), 'utf8')).toContain('target: aiven');

  const again = await advising(file, '--waves', '--write', to);
  expect(again).toMatchObject({ code: 2, err: expect.stringContaining('is there already') });
});

it('asks for teams with a guess, and uses what is answered', async () => {
  const file = write('inventory.json', JSON.stringify(scanned));
  const asked = await advising(file, '--ask');
  expect(asked.out).toContain('team: shop');
  const answers = write('answers.yaml', asked.out.replaceAll('team: shop', 'team: sales'));
  const { out } = await advising(file, answers, '--waves', '--json');
  const { waves } = JSON.parse(out) as { waves: { sets: { set: string; teams: string[] }[] }[] };
  expect(waves[0]?.sets[0]).toMatchObject({ set: 'shop.orders', teams: ['sales'] });
});

it('asks again without losing what was answered, and takes no measurement for an answer', async () => {
  const empty = { topics: [topic('shop.orders', { records: { value: 0 } })] };
  const before = write('before.json', JSON.stringify(inventory(empty)));
  const asked = await advising(before, '--ask');
  expect(asked.out).toContain("historyNeeded: don't know # measured now: no, the topics hold no record");
  const answers = write(
    'answers.yaml',
    asked.out
      .replace('team: shop', 'team: payments')
      .replace(/(producersOurs|consumersOurs|mayPause): don't know/g, '$1: yes'),
  );
  const again = await advising(before, answers, '--ask');
  expect(again.out).toBe(readFileSync(answers, 'utf8'));
  expect((await advising(before, answers)).out).toContain('shop.orders: simplestCase');

  // Measured anew: there is a history by now.
  const after = write('after.json', JSON.stringify(inventory({ topics: [topic('shop.orders')] })));
  const { out } = await advising(after, answers);
  expect(out).not.toContain('shop.orders: simplestCase');
  expect(out).toContain('nobody has answered: Is what the topics hold now needed on the target?');
});

it.each([
  ['of a newer version', JSON.stringify({ ...scanned, version: 2 }), 'is an inventory of version 2'],
  [
    'with a name that leads elsewhere',
    JSON.stringify(inventory({ topics: [topic('a/../../../x')] })),
    'names a topic a/../../../x, which Kafka itself refuses: scan anew',
  ],
  ['cut off', JSON.stringify(scanned).slice(0, 300), 'is no JSON, or cut off'],
  ['without a part', JSON.stringify({ ...scanned, quotas: undefined }), 'is damaged or cut off at quotas'],
])('refuses an inventory %s with one sentence', async (_, text, sentence) => {
  const { code, err } = await advising(write('broken.json', text));
  expect(code).toBe(2);
  expect(err).toContain(sentence);
  expect(err.split('\n')).toHaveLength(1);
});

it('says that answers are not used, for a set that is not there any more or has grown', async () => {
  const file = write('inventory.json', JSON.stringify(scanned));
  const answers = write(
    'answers.yaml',
    'sets: { gone: { topics: [gone], mayPause: yes }, shop.orders: { topics: [], mayPause: yes } }\n',
  );
  const { out, err } = await advising(file, answers);
  expect(err.split('\n')).toEqual([
    'There is no set gone any more: its answers are not used.',
    expect.stringMatching(/^the answers for shop\.orders were given without shop\.orders, .*: answer anew$/),
  ]);
  expect(out).toContain('nobody has answered');
});

it('writes neither a file nor a member of the fleet for inner topics alone, and says so once', async () => {
  const inner = ['_confluent-ksql-a__command_topic', '_confluent-ksql-b__command_topic'];
  const topics = [
    topic('shop.orders', { rate: { value: 3 } }),
    ...inner.map((name) => topic(name, { partOf: 'ksqldb', schemas: { unknown: 'refused' } })),
  ];
  const file = write('inventory.json', JSON.stringify(inventory({ topics })));
  const to = join(folder, 'without-inner');
  const { code, err } = await advising(file, '--waves', '--write', to);
  expect(code).toBe(0);
  expect(readdirSync(to).sort()).toEqual(['fleet.yaml', 'shop.orders.yaml']);
  expect(readFileSync(join(to, 'fleet.yaml'), 'utf8')).not.toContain('ksql');
  expect(err).toBe(
    `Inner topics alone, of applications of which nothing else is seen to move: ${inner.join(', ')}. They are in no migration, since their application makes them anew on the target: ask whose they are.`,
  );
  expect((await advising(file, '--ask')).out).not.toContain('ksql');
});

it.each([
  [{}, 'has no topic that could be moved: there is nothing to advise about.'],
  [
    { glob: 'a*', unseen: [{ topic: 'ab', unknown: 'refused' }], topics: [topic('ac', { internal: true })] },
    'has no topic that could be moved, but 1 of Kafka itself, of Connect or of MirrorMaker, which are made anew, and was scanned with --topics a* alone, and 1 could not be looked at: there is nothing to advise about.',
  ],
])('says of an inventory without sets that there is nothing to advise about', async (change, sentence) => {
  const file = write('inventory.json', JSON.stringify(inventory(change)));
  expect(await advising(file)).toEqual({ code: 0, out: '', err: `${file} ${sentence}` });
  const { out } = await advising(file, '--json');
  expect(JSON.parse(out)).toMatchObject({ notes: [`${file} ${sentence}`], sets: [] });
});

it('writes no fleet without waves, and says so', async () => {
  const topics = [topic('shop.old', { newest: { value: 5 } })];
  const file = write('inventory.json', JSON.stringify(inventory({ topics })));
  const to = join(folder, 'idle');
  const { code, out, err } = await advising(file, '--waves', '--write', to);
  expect(code).toBe(0);
  expect(out).toContain('Nobody was seen to use these');
  expect(err).toBe('Nothing moves by this advice: neither a migration file nor a fleet file is written.');
  expect(existsSync(join(to, 'fleet.yaml'))).toBe(false);
});

it('says in which order nothing is known', async () => {
  const file = write('inventory.json', JSON.stringify({ ...scanned, acls: { value: null } }));
  const { out } = await advising(file, '--waves');
  expect(out).toContain(
    'What depends on what is not known, and the order does not rest on it: the cluster has no',
  );
});

it.each([
  ['payments', 'could not be looked at (refused): scan again once it can be'],
  ['elsewhere', 'was scanned with --topics shop.*, which leaves out topic elsewhere: scan again without it'],
  ['shop.absent', 'has no topic shop.absent: check its name'],
  ['shop.kept', 'made anew on the target and not moved'],
])('says of topic %s why it is in no set', async (name, sentence) => {
  const glob = name === 'payments' ? '*' : 'shop.*';
  const unseen = [{ topic: 'payments', unknown: 'refused' }];
  const topics = [topic('shop.orders'), topic('shop.kept', { partOf: 'connect' })];
  const file = write('inventory.json', JSON.stringify(inventory({ glob, topics, unseen })));
  const { code, err } = await advising(file, '--topic', name);
  expect(code).toBe(2);
  expect(err).toContain(sentence);
});

it('asks at a terminal only, what is neither measured nor answered, until somebody has enough', async () => {
  const refused = await advising(write('inventory.json', JSON.stringify(scanned)), '--interview', 'x.yaml');
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('--ask') });
  // Nobody is asked for answers that could not be written.
  const there = write('answers.yaml', '{}');
  expect(await advising(join(folder, 'inventory.json'), '--interview', there)).toMatchObject({
    code: 2,
    err: expect.stringContaining(`${there} is there already`),
  });

  const [set] = setsOf(inventory({ topics: [topic('state', { compacted: { value: true } })] }));
  if (!set) throw new Error('no set');
  const answers = { mayPause: true };
  const asked: string[] = [];
  const said = ['yes', "don't know", undefined] as const;
  const [one] = await interview([{ set, answers, advice: advise(set, answers) }], async (question) => {
    asked.push(question);
    return said[asked.length - 1];
  });
  expect(asked).toEqual([
    'state (state): Are all producers ours to change?',
    'state (state): Are all consumers ours to change?',
    'state (state): Does it do no harm to process a message twice?',
  ]);
  expect(one?.answers).toEqual({ mayPause: true, producersOurs: true });
});

it('refuses numbers that are none', async () => {
  const { code, err } = await advising('any.json', '--waves', '--per-team', 'many');
  expect(code).toBe(2);
  expect(err).toContain('expected a number above 0');
});
