import { isMirrored } from '../migration/strategies.js';
import type { Fleet, FleetShape, Member, Window } from './file.js';
import { isRunning, mayCopy, memberOf, type FleetState } from './state.js';

type Wave = FleetShape['waves'][number];

/** What of the windows is left. A migration that is blocked holds up nobody: it leaves its place until it goes on. */
export class Rooms {
  readonly #used = new Map<string, number>();
  readonly #known = new Map<string, boolean>();

  constructor(
    private readonly fleet: Fleet,
    state: FleetState,
  ) {
    const alike = new Map<string, { keys: string[]; count: number }>();
    for (const member of fleet.members) {
      const at = memberOf(state, member.migration.name);
      if (!isRunning(at)) continue;
      const blocked = at?.report?.state === 'blocked';
      const runs = !blocked;
      const copies = mayCopy(member, at) && !(blocked && at?.report?.copying === 'ahead');
      const kind = `${kindOf(member)}\n${runs}\n${copies}`;
      const others = alike.get(kind);
      if (others) others.count += 1;
      else alike.set(kind, { keys: keysOf(member, { runs, copies }), count: 1 });
    }
    for (const { keys, count } of alike.values()) for (const key of keys) this.#add(key, count);
  }

  /** For all of one wave, target and kind it is the same, and a thousand of them may be asked about at once. */
  has(member: Member, wave: Wave): boolean {
    const kind = kindOf(member);
    const known = this.#known.get(kind);
    if (known !== undefined) return known;
    const has = keysOfNew(member).every((key) => this.#hasRoom(key, wave));
    this.#known.set(kind, has);
    return has;
  }

  take(member: Member): void {
    this.#known.clear();
    for (const key of keysOfNew(member)) this.#add(key, 1);
  }

  #add(key: string, count: number): void {
    this.#used.set(key, (this.#used.get(key) ?? 0) + count);
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

/** Of two of a kind the one has room where the other has. */
const kindOf = ({ migration: { target, strategy }, wave }: Member): string =>
  `${wave}\n${target}\n${isMirrored(strategy)}`;

/** The counters that a migration is in: in all and in its wave, each also for its target. */
function keysOf({ migration, wave }: Member, { runs, copies }: { runs: boolean; copies: boolean }): string[] {
  const kinds = [...(runs ? ['running'] : []), ...(copies ? ['copying'] : [])];
  return ['', wave].flatMap((of) =>
    kinds.flatMap((kind) => [`${of}\n${kind}`, `${of}\n${kind}\n${migration.target}`]),
  );
}

const keysOfNew = (member: Member): string[] =>
  keysOf(member, { runs: true, copies: isMirrored(member.migration.strategy) });
