import type { FleetFile } from '../../src/fleet/file.js';
import type { MigrationFile } from '../../src/migration/file.js';
import { isMirrored, strategyNames, type Strategy } from '../../src/migration/strategies.js';
import { shopGroups, shopTeams, shopTopics } from '../shop/shop.js';
import { migrationOf, namesOf, type Names } from '../rehearsal/script.js';

/** Topics of the shop that no migration of the demo moves: their records name schemas, or a transaction is open on them. */
const leftOut = (topic: string): boolean => topic.startsWith('catalog.') || topic.startsWith('finance.');

/** With applications under load, and a ledger that judges them. */
export const judged = ['simplestCase', 'doubleConsumers', 'simpleMirroring'] as const satisfies Strategy[];

export const amount = 30;
export const brokenName = 'broken-on-purpose';

export interface Mover {
  file: MigrationFile;
  topic: string;
  mirrored: boolean;
}

/** Migrations of the shop's topics, by every strategy in turn. */
export function shopMovers(): Mover[] {
  return shopTopics
    .filter((topic) => !leftOut(topic))
    .slice(0, amount - judged.length - 1)
    .map((topic, at): Mover => {
      const strategy = strategyNames[at % strategyNames.length] ?? 'simplestCase';
      return {
        topic,
        mirrored: isMirrored(strategy),
        file: {
          ...{ name: topic, strategy, source: 'source', target: 'target' },
          team: topic.split('.')[0],
          topics: [{ name: topic }],
          ...(strategy === 'advancedMirroring' && { mirror: 'engine' }),
        },
      };
    });
}

export const judgedNames = (strategy: Strategy): Names =>
  namesOf(`fleet-${strategy.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, strategy);

/** Waits far shorter than in life; the ledger's applications take longer to move. */
const waits = { quiet: '3s', probe: '500ms', patience: '3m', soak: '2s' };

/** Four waves: the second follows the first, the third the second, and the fourth begins when a person says so. */
export function demoFleet(
  movers: readonly Mover[],
  changes: (strategy: Strategy) => Partial<MigrationFile>,
): FleetFile {
  const files = movers.map(({ file }) => file);
  const ledgers = judged.map((strategy) => ({
    ...migrationOf(strategy, judgedNames(strategy)),
    team: 'orders',
    ...changes(strategy),
  }));
  const broken: MigrationFile = {
    ...{ name: brokenName, strategy: 'simplestCase', source: 'source', target: 'target', team: 'sales' },
    topics: [{ name: 'shop.there-is-no-such-topic' }],
  };
  const wave = (name: string, from: number, until: number, ...others: MigrationFile[]) => ({
    name,
    migrations: [...others, ...files.slice(from, until)].map((migration) => ({
      migration: { ...migration },
    })),
  });
  const third = Math.ceil(files.length / 4);
  const [simplest, consumers, mirrored] = ledgers as [MigrationFile, MigrationFile, MigrationFile];
  return {
    name: 'demo',
    description: 'A shop of forty topics moves.',
    defaults: {
      principals: Object.fromEntries(shopTeams.map((team) => [`User:${team}`, `User:CN=${team}`])),
      leaveBehind: { groups: shopGroups, principals: ['User:ferry', 'User:connect'] },
      waits,
    },
    window: { running: 14, copying: 5 },
    budget: '50MB/s',
    waves: [
      wave('wave-1', 0, third, simplest),
      { ...wave('wave-2', third, 2 * third, mirrored), after: { wave: 'wave-1', step: 'soak' } },
      {
        ...wave('wave-3', 2 * third, 3 * third, consumers, broken),
        after: { wave: 'wave-2', step: 'startMirror' },
      },
      { ...wave('wave-4', 3 * third, files.length), approval: true },
    ],
  };
}
