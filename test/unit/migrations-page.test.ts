import { describe, expect, it } from '@jest/globals';
import { parseHTML } from 'linkedom';
import type { Account } from '../../src/account/account.js';
import { writtenAs } from '../../src/report/account/written.js';
import { plain } from '../../src/report/migrations-markdown.js';
import { recordedAccount } from './accounts.js';

/** Of a browser's document what is asked here. */
interface Read {
  querySelectorAll(selector: string): Iterable<Found> & { length: number };
  querySelector(selector: string): Found | null;
}
interface Found {
  textContent: string;
  getAttribute(name: string): string | null;
}
const read = (page: string): Read => (parseHTML(page) as unknown as { document: Read }).document;

const evil =
  '"></title><script>alert(1)</script><img src=x onerror=alert(1)>\u202e[a](http://evil.example) | @all';

/** Whatever text it holds is hostile, but for what is no text of others: words of a closed set, times and offsets. */
function hostile<T>(value: T): T {
  const ours = new Set([
    'state',
    'status',
    'id',
    'step',
    'weight',
    'how',
    'via',
    'verdict',
    'strategy',
    'kind',
  ]);
  const walk = (of: unknown, key: string): unknown => {
    if (typeof of === 'string') return ours.has(key) || /^\d[\d:.TZ-]*$/.test(of) ? of : evil;
    if (Array.isArray(of)) return of.map((one) => walk(one, key));
    if (typeof of !== 'object' || of === null) return of;
    return Object.fromEntries(Object.entries(of).map(([name, one]) => [name, walk(one, name)]));
  };
  return walk(value, '') as T;
}

const accounts = async (): Promise<Account[]> =>
  Promise.all(
    [
      'simpleMirroring-straight',
      'simpleMirroring-mended',
      'simplestCase-soaked',
      'simpleMirroring-stopped',
    ].map(recordedAccount),
  );

describe('the page', () => {
  it('lets no name be anything but text, and needs no network', async () => {
    const all = (await accounts()).map(hostile);
    for (const page of [writtenAs('html', all.slice(0, 1)), writtenAs('html', all, evil)]) {
      const document = read(page);
      expect(document.querySelectorAll('script')).toHaveLength(1);
      expect(document.querySelectorAll('img,iframe,object,base,link,[src],[onerror]')).toHaveLength(0);
      expect(page).not.toContain('\u202e');
      const links = [...document.querySelectorAll('a')].map((link) => link.getAttribute('href'));
      expect(links.every((href) => href?.startsWith('#'))).toBe(true);
      expect(page).toContain('default-src &#39;none&#39;');
      expect(document.querySelector('main')?.textContent).toContain('<script>alert(1)</script>');
    }
  });

  it('has every link lead somewhere, and every part a name of its own', async () => {
    for (const page of [
      writtenAs('html', (await accounts()).slice(0, 1)),
      writtenAs('html', await accounts()),
    ]) {
      const document = read(page);
      const ids = [...document.querySelectorAll('[id]')].map((one) => one.getAttribute('id'));
      expect(new Set(ids).size).toBe(ids.length);
      for (const link of document.querySelectorAll('a'))
        expect(ids).toContain(link.getAttribute('href')?.slice(1));
    }
  });

  it('draws a bar for each step, and says the same in words', async () => {
    const [account] = await accounts();
    if (!account) throw new Error('no account');
    const document = read(writtenAs('html', [account]));
    const drawn = account.steps.filter(({ startedAt }) => startedAt !== null).length;
    expect(document.querySelectorAll('figure svg rect').length).toBeGreaterThanOrEqual(drawn);
    const text = document.querySelector('main')?.textContent ?? '';
    for (const { title } of account.steps) expect(text).toContain(title);
    expect(text).toContain('220 records are equal on both clusters.');
    expect(text).toContain('Group audit: 4 partitions translated');
  });

  it('stays small for a migration of many partitions, and says what it leaves out', async () => {
    const [account] = await accounts();
    if (!account) throw new Error('no account');
    const ends = Array.from({ length: 12_000 }, (_, partition) => ({
      ...{ topic: 'orders', partition, source: '12345678901', target: '12345678901' },
    }));
    const page = writtenAs('html', [{ ...account, ends }]);
    expect(page.length).toBeLessThan(400_000);
    expect(page).toContain('And 11,500 rows more');
    expect((JSON.parse(writtenAs('json', [{ ...account, ends }])) as Account).ends).toHaveLength(12_000);
  });
});

describe('Markdown', () => {
  it('escapes whatever would be more than text', async () => {
    const all = (await accounts()).map(hostile);
    for (const text of [writtenAs('md', all.slice(0, 1)), writtenAs('md', all, evil)]) {
      const outside = text.replaceAll(/^```json$.*?^```$/gms, '');
      expect(outside).toContain('script');
      expect(outside).not.toMatch(/(?<!\\)<script/);
      expect(outside).not.toMatch(/(?<!\\)\[a(?<!\\)\]/);
      expect(outside).not.toContain('http://');
      expect(outside).not.toMatch(/(?<!\\)@all/);
      expect(outside).not.toContain('\u202e');
      // A row has as many cells as its head, whatever is in them.
      const cells = (row: string) => row.match(/(?<!\\)\|/g)?.length;
      for (const table of outside.matchAll(/(?:^\|.*\n)+/gm)) {
        const counts = new Set(table[0].trimEnd().split('\n').map(cells));
        expect(counts.size).toBe(1);
      }
    }
  });

  it.each([
    ['- no list', '\\- no list'],
    ['1. no list', '1\\. no list'],
    ['www.example.com', 'www\\.example.com'],
    ['a\nb', 'a\\\\u000ab'],
  ])('of %j is %j', (text, escaped) => expect(plain(text)).toBe(escaped));
});

it('JSON has its version, of one and of several', async () => {
  const all = await accounts();
  expect(JSON.parse(writtenAs('json', all.slice(0, 1)))).toMatchObject({
    kind: 'kafka-ferry/account',
    version: 1,
  });
  expect(JSON.parse(writtenAs('json', all, 'wave 1'))).toMatchObject({
    ...{ kind: 'kafka-ferry/accounts', version: 1, title: 'wave 1' },
    accounts: all.map(({ name }) => ({ name })),
  });
});

it('says of a fleet what Temporal has no longer, and tells the others, also where one alone is left', async () => {
  const [account] = await accounts();
  if (!account) throw new Error('no account');
  const missing = [{ name: 'old', why: 'Temporal has no migration "old" <b>.' }];
  const page = read(writtenAs('html', [account], 'shop', missing));
  expect(page.querySelector('h1')?.textContent).toBe('What happened in shop');
  expect(page.querySelector('main .warn')?.textContent).toBe(missing[0]?.why);
  expect(page.querySelector('#m0')?.textContent).toContain(account.name);
  expect(writtenAs('md', [account], 'shop', missing)).toContain('Temporal has no migration "old" \\<b\\>.');
  expect(JSON.parse(writtenAs('json', [account], 'shop', missing))).toMatchObject({
    ...{ kind: 'kafka-ferry/accounts', title: 'shop', missing },
    accounts: [{ name: account.name }],
  });
});
