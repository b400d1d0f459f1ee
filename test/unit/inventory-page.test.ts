import { describe, expect, it } from '@jest/globals';
import { parseHTML } from 'linkedom';
import { advise } from '../../src/advice/advise.js';
import { setsOf } from '../../src/advice/sets.js';
import type { Inventory } from '../../src/inventory/inventory.js';
import { drawingOf, mostNodes } from '../../src/report/drawing.js';
import { flagsOf } from '../../src/report/flags.js';
import { graphOf, simplified } from '../../src/report/graph.js';
import { markup } from '../../src/report/html.js';
import { inventoryPage } from '../../src/report/inventory-page.js';
import { acl, group, inventory, topic } from './inventories.js';
import { largeInventory } from './large-inventory.js';

const pageOf = (of: Inventory) =>
  inventoryPage(
    of,
    setsOf(of).map((set) => ({ set, advice: advise(set, {}) })),
  );

/** Of a browser's document what is asked here: this project knows no other types of one. */
interface Read {
  querySelectorAll(selector: string): Iterable<Element> & { length: number };
  querySelector(selector: string): Element | null;
}
interface Element {
  textContent: string;
  getAttribute(name: string): string | null;
}
const read = (page: string): Read => (parseHTML(page) as unknown as { document: Read }).document;

it('what is put into markup is text', () => {
  expect(markup`<p title="${'"><script>'}">${'\u001b[31m</p>'}</p>`.text).toBe(
    '<p title="&quot;&gt;&lt;script&gt;">\\u001b[31m&lt;/p&gt;</p>',
  );
  expect(markup`<ul>${['a', 'b'].map((one) => markup`<li>${one}</li>`)}${undefined}${false}</ul>`.text).toBe(
    '<ul><li>a</li><li>b</li></ul>',
  );
});

describe('the page', () => {
  const evil = '"></title><script>alert(1)</script><img src=x onerror=alert(1)>\u202e\n';
  const hostile = inventory({
    cluster: evil,
    topics: [
      topic('__proto__', { rate: { value: 3 }, bytes: { value: 4 } }),
      topic('constructor', { newest: { value: 1e300 }, records: { unknown: evil } }),
    ],
    groups: {
      value: [
        group(evil, ['__proto__', 'constructor'], {
          committed: {
            value: ['__proto__', 'constructor'].map((name) => ({ topic: name, lag: { value: 5 } })),
          },
          members: { value: [{ clientId: evil, host: evil, topics: [] }] },
        }),
      ],
    },
    acls: { value: [acl(evil, 'write', '__proto__')] },
    quotas: { value: [{ entity: [{ type: evil, name: evil }], limits: { [evil]: 1 } }] },
    openTransactions: { value: [{ transactionalId: evil, startedAt: 0, topics: ['constructor'] }] },
  });

  it('lets no name be anything but text', () => {
    const document = read(pageOf(hostile));
    expect(document.querySelectorAll('script')).toHaveLength(1);
    expect(document.querySelectorAll('img')).toHaveLength(0);
    expect(document.querySelectorAll('[onerror]')).toHaveLength(0);
    expect(pageOf(hostile)).not.toContain('\u202e');
    expect(document.querySelector('.set')?.textContent).toContain('<script>alert(1)</script>');
  });

  it('needs no network', () => {
    const page = pageOf(hostile);
    const document = read(page);
    expect(document.querySelectorAll('[src],link,iframe,object,base')).toHaveLength(0);
    const links = [...document.querySelectorAll('a')].map((a) => a.getAttribute('href'));
    expect(links.every((href) => href?.startsWith('#'))).toBe(true);
    expect(page).toContain('default-src &#39;none&#39;');
  });

  it('says of half a sum that it is one', () => {
    const page = pageOf(
      inventory({
        topics: [topic('a', { bytes: { value: 2e9 } }), topic('b', { bytes: { unknown: 'refused' } })],
      }),
    );
    expect(page).toContain('at least 2.0 GB');
  });

  it('draws no bar for what is unknown, and says of how many that is so', () => {
    const unknown = { unknown: 'refused' };
    const page = pageOf(
      inventory({
        topics: [topic('a', { rate: unknown }), topic('b', { rate: { value: 3 } })],
        groups: {
          value: [group('one', ['a'], { committed: unknown }), group('two', ['a'])],
        },
      }),
    );
    expect(page).not.toContain('No group is seen to be behind');
    expect(page.match(/Not known of 1 of 2\./g)).toHaveLength(2);
    expect(pageOf(inventory({ groups: unknown }))).toContain('Not known: refused');
    const tied = inventory({
      topics: [topic('a')],
      groups: { value: [group('two', ['a'], { committed: { value: [{ topic: 'a', lag: unknown }] } })] },
    });
    expect(read(pageOf(tied)).querySelector('.set')?.textContent).toMatch(/unknown\s+behind/);
  });

  it('tells nobody to be 0 records behind who has committed nothing', () => {
    const members = { value: [{ clientId: 'x', host: 'h', topics: ['a'] }] };
    const page = pageOf(
      inventory({ topics: [topic('a')], groups: { value: [group('new', [], { members })] } }),
    );
    expect(read(page).querySelector('.set')?.textContent).toMatch(/unknown\s+behind/);
    expect(page).not.toContain('No group is seen to be behind');
    expect(pageOf(inventory({ topics: [topic('a')] }))).toContain('Furthest behind: unknown');
  });

  it('is there for an empty cluster, and for one that shows nothing', () => {
    const nothing = { unknown: 'refused' };
    expect(pageOf(inventory({}))).toContain('No group is seen to be behind');
    expect(
      pageOf(inventory({ groups: nothing, acls: nothing, openTransactions: nothing, quotas: nothing })),
    ).toContain('refused (4 times)');
  });

  it('of 2,000 topics and groups and 5,000 ACLs has less than 5 MB', () => {
    expect(Buffer.byteLength(pageOf(largeInventory(2_000, 2_000, 5_000)))).toBeLessThan(5_000_000);
  });

  it('of 2,000 topics and groups whose reads are not known tells it once, and grows with them alone', () => {
    const blind = (count: number) => {
      const of = largeInventory(count, count, count);
      const unknown = { members: { unknown: 'no right' }, committed: { unknown: 'no right either' } };
      const groups = { value: (of.groups.value ?? []).map((one) => ({ ...one, ...unknown })) };
      return pageOf({ ...of, groups });
    };
    const page = blind(2_000);
    expect(Buffer.byteLength(page)).toBeLessThan(5_000_000);
    expect(Buffer.byteLength(page)).toBeLessThan(2.5 * Buffer.byteLength(blind(1_000)));
    expect(page.match(/what 2000 groups \(reads-a-tenth, .* and 1990 more\) read: no right</g)).toHaveLength(
      1,
    );
  });

  it('of 2,000 groups that are each refused for a reason of their own names some of the reasons', () => {
    const groups = Array.from({ length: 2_000 }, (_, at) =>
      group(`g${at}`, [], { committed: { unknown: `no right to g${at}` } }),
    );
    const [set] = setsOf(inventory({ topics: [topic('a')], groups: { value: groups } }));
    expect(set?.unseen).toHaveLength(6);
    expect(set?.unseen[5]).toBe('what 1995 more groups read: 1995 other reasons, which the inventory has');
  });
});

describe('the graph of a set', () => {
  it('has who reads and who may, and folds what is alike', () => {
    const of = inventory({
      topics: ['a', 'b', 'c', 'd'].map((name) => topic(name)),
      groups: { value: [group('g', ['a', 'b', 'c', 'd'])] },
      acls: { value: [acl('web', 'write', 'd')] },
    });
    const [set] = setsOf(of);
    const { nodes, edges } = set ? graphOf(set, of.acls) : { nodes: [], edges: [] };
    expect(nodes.map(({ kind, names }) => [kind, names])).toEqual([
      ['topic', ['a', 'b', 'c']],
      ['topic', ['d']],
      ['group', ['g']],
      ['principal', ['User:web']],
    ]);
    expect(edges).toEqual([
      { from: 'topic a', to: 'group g', how: 'reads' },
      { from: 'topic d', to: 'group g', how: 'reads' },
      { from: 'principal User:web', to: 'topic d', how: 'may write' },
    ]);
  });

  it('of a set that is too large shows what ties it', () => {
    const of = largeInventory(2_000, 2_000, 5_000);
    const [large] = setsOf(of).sort((a, b) => b.topics.length - a.topics.length);
    if (!large) throw new Error('no set');
    const graph = graphOf(large, of.acls);
    expect(graph.nodes.length).toBeGreaterThan(mostNodes);
    expect(drawingOf(graph, 'x')).toBeUndefined();
    const simple = simplified(graph, mostNodes);
    expect(simple && drawingOf(simple, 'x')?.text).toContain('reads-a-tenth');
  });
});

it('red flags name what is unknown, and nothing that was not seen', () => {
  const titles = (of: Partial<Inventory>) => flagsOf(inventory(of), [], []).map(({ title }) => title);
  const known = { quotas: { value: [] }, connectors: { value: [] } };
  expect(titles(known)).toEqual([]);
  expect(titles({ ...known, acls: { value: null } })).toEqual(['No authorizer']);
  expect(titles({ ...known, groups: { unknown: 'refused' } })).toEqual(['Not seen']);
  const moving = group('g', [], {
    lastMoved: { value: 1 },
    movesWithoutMembers: { value: true },
  });
  expect(titles({ ...known, groups: { value: [moving] } })).toEqual(['Groups that move without members']);
});
