/**
 * What a Protobuf file says, one fact for each thing that it says it of, in no order: `field .a.Order 3` is
 * `repeated .a.Line lines`. Two files are the same schema when their facts are the same.
 */
export type Facts = ReadonlyMap<string, string>;

/** Facts while they are gathered. */
export class FactList {
  private readonly facts = new Map<string, string>();

  /** @param about what it is said of: the full name of its owner, and what tells it from others there. */
  say(kind: Kind, about: string, is = ''): void {
    const key = about === '' ? kind : `${kind} ${about}`;
    const before = this.facts.get(key);
    // What may be said more than once, as custom options may, is said in that order.
    this.facts.set(key, before === undefined ? is : `${before}\n${is}`);
  }

  all(): Facts {
    return this.facts;
  }
}

/** How bytes are read, and by what names. */
type Counting = 'syntax' | 'package' | 'import' | 'message' | 'field' | 'enum' | 'first value' | 'value';
/** What says more than that. Registries that write Protobuf down anew leave some of it out. */
const beside = [
  'option',
  'default',
  'json name',
  'reserved',
  'extensions',
  'map',
  'service',
  'rpc',
  'extend',
  'scope of',
  'long number',
] as const;

export type Kind = Counting | (typeof beside)[number];

const isBeside = (key: string): boolean => beside.some((kind) => key === kind || key.startsWith(`${kind} `));

/** How a schema differs from what it was made from. */
export type Difference =
  | { readonly kind: 'none' }
  /** It says the same and less: what was left out does not change how bytes are read. */
  | { readonly kind: 'dropped'; readonly what: readonly string[] }
  | { readonly kind: 'other' };

/** @param made what a registry has made of `from`. */
export function factsDiffer(made: Facts, from: Facts): Difference {
  const dropped: string[] = [];
  for (const [key, is] of from) {
    const there = made.get(key);
    if (there === is) continue;
    // Of an option that says something else the value was lost, and of an extension the message it was written in.
    if (!isBeside(key) || (there !== undefined && !/^(option|scope of) /.test(key))) return { kind: 'other' };
    dropped.push(key);
  }
  for (const key of made.keys()) if (!from.has(key)) return { kind: 'other' };
  return dropped.length > 0 ? { kind: 'dropped', what: dropped.sort() } : { kind: 'none' };
}

/** One text for all that are the same. */
export const factsText = (facts: Facts): string =>
  JSON.stringify([...facts].sort(([one], [other]) => (one < other ? -1 : 1)));
