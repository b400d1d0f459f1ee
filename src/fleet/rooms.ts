import { isMirrored } from '../migration/strategies.js';
import type { Fleet, FleetShape, Member, Window } from './file.js';
import { isRunning, mayCopy, memberOf, type FleetState } from './state.js';

type Wave = FleetShape['waves'][number];

/** What of the windows is left. A migration that is blocked holds up nobody: it leaves its place until it goes on. */
export class Rooms {
  readonly #used = new Map<string, number>();

  constructor(
    private readonly fleet: Fleet,
    state: FleetState,
  ) {
    for (const member of fleet.members) {
      const at = memberOf(state, member.migration.name);
      const blocked = at?.report?.state === 'blocked';
      const runs = isRunning(at) && !blocked;
      const copies = mayCopy(member, at) && !(blocked && at?.report?.copying === 'ahead');
      for (const key of keysOf(member, { runs, copies })) this.#add(key);
    }
  }

  has(member: Member, wave: Wave): boolean {
    return keysOfNew(member).every((key) => this.#hasRoom(key, wave));
  }

  take(member: Member): void {
    for (const key of keysOfNew(member)) this.#add(key);
  }

  #add(key: string): void {
    this.#used.set(key, (this.#used.get(key) ?? 0) + 1);
  }

  #hasRoom(key: string, wave: Wave): boolean {
    const [of = '', kind = '', target] = key.split('\n');
    const window: Window | undefined = of === '' ? this.fleet.shape.window : wave.window;
    const limit =
      target === undefined
        ? (window?.[kind as 'running' | 'copying'] ??
          (of === '' && kind === 'running' ? usualRunning : undefined))
        : window?.[`${kind as 'running' | 'copying'}PerTarget`];
    return limit === undefined || (this.#used.get(key) ?? 0) < limit;
  }
}

/** Where the file says nothing: fewer than Temporal takes. */
const usualRunning = 500;

/** The counters that a migration is in: in all and in its wave, each also for its target. */
function keysOf({ migration, wave }: Member, { runs, copies }: { runs: boolean; copies: boolean }): string[] {
  const kinds = [...(runs ? ['running'] : []), ...(copies ? ['copying'] : [])];
  return ['', wave].flatMap((of) =>
    kinds.flatMap((kind) => [`${of}\n${kind}`, `${of}\n${kind}\n${migration.target}`]),
  );
}

const keysOfNew = (member: Member): string[] =>
  keysOf(member, { runs: true, copies: isMirrored(member.migration.strategy) });
