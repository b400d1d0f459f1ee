import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import type { Lab } from '../../lab/lab.js';
import type { FleetStatus } from '../../src/fleet/status.js';
import { eventually } from '../eventually.js';
import { ferry, WorkerProcess } from '../hands/ferry.js';
import { Shop } from '../hands/shop.js';
import { sharedLab } from '../lab/shared.js';
import { picturePage, pictureTerminal } from './pictures.js';
import { WebUi } from './web-ui.js';

/** A fleet with one migration that waits for its team, one that is blocked, and one that is not begun. */
describe('the web UI as the board of a fleet', () => {
  const fleet = 'board';
  const waits = 'board-waits';
  const blocked = 'board-blocked';
  const later = 'board-later';
  const team = 'board-team';
  let lab: Lab;
  let worker: WorkerProcess;
  let shop: Shop;
  let ui: WebUi;
  /** By what the documentation says of each view to save. */
  let views: Map<string, string>;

  const status = async (): Promise<FleetStatus> =>
    (JSON.parse((await ferry(lab, 'fleet', 'status', fleet, '--json')).stdout) as { status: FleetStatus })
      .status;

  beforeAll(async () => {
    lab = await sharedLab();
    [worker, shop, ui] = await Promise.all([
      WorkerProcess.start(lab),
      Shop.open(lab, waits),
      WebUi.open(lab),
    ]);
    expect(await ferry(lab, 'setup')).toMatchObject({ code: 0 });
    const nowhere = (name: string) => ({
      ...{ name, strategy: 'simplestCase', source: 'source', target: 'target' },
      topics: [{ name: `${name}.orders` }],
    });
    const file = join(lab.folder, `${fleet}.yaml`);
    await writeFile(
      file,
      stringify({
        name: fleet,
        waves: [
          {
            name: 'wave-1',
            migrations: [
              { migration: { ...shop.migration(), name: waits, team } },
              { migration: nowhere(blocked) },
            ],
          },
          { name: 'wave-2', approval: true, migrations: [{ migration: nowhere(later) }] },
        ],
      }),
    );
    expect(await ferry(lab, 'fleet', 'start', file)).toMatchObject({ code: 0 });
    await eventually(status, ({ waves }) => {
      const states = new Map(
        waves.flatMap(({ migrations }) => migrations.map((one) => [one.name, one.state])),
      );
      return states.get(waits) === 'waiting' && states.get(blocked) === 'blocked';
    });
    const page = await readFile('docs/fleet.md', 'utf8');
    views = new Map(
      [...page.matchAll(/^- (.+): `(\/namespaces\/\S+)`$/gm)].map(([, what, path]) => [
        what ?? '',
        decodeURIComponent(path ?? ''),
      ]),
    );
  });

  afterAll(async () => {
    await ferry(lab, 'fleet', 'abort', fleet, '--reason', 'the test is over');
    await ui.close();
    await shop.close();
    await worker.stop();
  });

  /** A view of the documentation, with names of this test in it. */
  const view = (what: string, ...names: [string, string][]): string => {
    const path = names.reduce(
      (text, [from, to]) => text.replaceAll(`"${from}"`, `"${to}"`),
      views.get(what) ?? '',
    );
    const [start, query] = path.split('query=') as [string, string];
    return `${start}query=${encodeURIComponent(query)}`;
  };
  /** What is written down at Temporal is listed a moment later. */
  const listed = (path: string, wanted: (ids: string[]) => boolean) =>
    eventually(() => ui.list(path), wanted);

  test('lists what is blocked, what waits for a team, what waits at all, and one wave, by the links of the documentation', async () => {
    expect(views.size).toBe(4);
    expect(await listed(view('what is blocked'), (ids) => ids.includes(`migrate/${blocked}`))).not.toContain(
      `migrate/${waits}`,
    );
    const mine = await listed(view('what waits for my team', ['shop', team]), (ids) => ids.length > 0);
    expect(mine).toEqual([`migrate/${waits}`]);
    const waiting = await listed(view('what waits longest for anybody'), (ids) =>
      ids.includes(`migrate/${waits}`),
    );
    expect(waiting).not.toContain(`migrate/${later}`);
    const wave = view('one wave', ['shop', fleet], ['wave-2', 'wave-1']);
    expect(await listed(wave, (ids) => ids.length > 1)).toEqual([`migrate/${blocked}`, `migrate/${waits}`]);
    await picturePage(ui, 'fleet-wave');
  });

  test('shows in the details of the fleet what its status says, and leads to its migrations', async () => {
    await ui.show(`fleet/${fleet}`);
    const text = await ui.details(new RegExp(`${blocked}[\\s\\S]*blocked`));
    expect(text).toMatch(/wave-2/);
    const href = (await ui.links()).get(waits);
    expect(href).toBeDefined();
    await picturePage(ui, 'fleet-details');
    await pictureTerminal(ui, lab, 'fleet-status', { columns: 120, words: ['fleet', 'status', fleet] });
    await ui.open(href ?? '');
    expect(await ui.details(/Switch the producer to the target/)).toContain('waiting');
  });
});
