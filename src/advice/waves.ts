import { Document, isMap, isSeq, type YAMLMap } from 'yaml';
import type { Inventory } from '../inventory/inventory.js';
import type { Known } from '../inventory/known.js';
import { formatBytes } from '../migration/bytes.js';
import { formatDuration, parseDuration } from '../migration/duration.js';
import { few, named, oneLine } from '../migration/foreign-text.js';
import { migrationShape } from '../migration/file.js';
import { isMirrored } from '../migration/strategies.js';
import type { Advice } from './advise.js';
import { teamOf, usesOf, whyUsesUnknown, type Uses } from './applications.js';
import { expectedOf } from './expected.js';
import { idleTopicsOf, type IdleTopic } from './idle.js';
import type { TopicSet } from './sets.js';

export interface WaveOptions {
  /** Applications of one team in a wave. */
  perTeam?: number;
  /** Sets in a wave. */
  perWave?: number;
  /** Of a mirror, measured between the two clusters; without it what is expected of the ferry's engine. */
  bytesPerSecond?: number;
}

export interface Planned {
  set: TopicSet;
  advice: Advice;
  teams: string[];
  applications: string[];
  /** Why it stands no earlier than here. */
  after: string[];
}

export interface Wave {
  name: string;
  planned: Planned[];
  /** To copy: of sets whose history is mirrored. */
  bytes: Known<number>;
  /** Of copying and of the usual waits, without what people take. */
  hours: Known<number>;
}

export interface WavePlan {
  waves: Wave[];
  /** Why what depends on what is not known, so that the order does not rest on it. Absent: ACLs tell. */
  orderUnknown?: string;
  idle: IdleTopic[];
}

interface Candidate extends Planned {
  size: number;
  rate: number;
  /** What has to stand in an earlier wave. */
  needs: Set<Candidate>;
}

/**
 * Orders sets: what others depend on before what depends on it, small and idle ones first, few applications of one team at
 * once. A set depends on another when an application reads there and writes here: its input moves first.
 */
export function wavesOf(
  advised: readonly { set: TopicSet; advice: Advice; team?: string }[],
  inventory: Pick<Inventory, 'acls' | 'scannedAt' | 'survey'>,
  { perTeam = 3, perWave = 20, bytesPerSecond }: WaveOptions = {},
): WavePlan {
  const idle = new Map(advised.map(({ set }) => [set, idleTopicsOf(set, inventory)]));
  const moving = advised.filter(({ set }) => idle.get(set)?.length === 0);
  const uses = usesOf(
    moving.map(({ set }) => set),
    inventory.acls,
  );
  const candidates = moving.map(({ set, advice, team }): Candidate => {
    const expected = expectedOf(set, bytesPerSecond);
    return {
      set,
      advice,
      teams: team !== undefined ? [team] : [...new Set(set.topics.map(({ name }) => teamOf(name)))].sort(),
      applications: [...(uses.get(set)?.applications ?? [])].sort(),
      after: [],
      // What is not known may be large.
      size: expected.bytes.value ?? Number.MAX_SAFE_INTEGER,
      rate: Math.max(expected.rate.value ?? Number.MAX_SAFE_INTEGER, expected.atMost?.rate ?? 0),
      needs: new Set(),
    };
  });
  depend(candidates, uses);
  candidates.sort((a, b) => a.size - b.size || a.rate - b.rate || (a.set.name < b.set.name ? -1 : 1));

  const waves: Wave[] = [];
  const placed = new Set<Candidate>();
  let left = candidates;
  while (left.length > 0) {
    let ready = left.filter(({ needs }) => [...needs].every((one) => placed.has(one)));
    const first = ready.length === 0 ? firstOfCircle(left, placed) : undefined;
    if (first) {
      first.after.push('It and others depend on each other in a circle: the smallest of them goes first.');
      ready = [first];
    }
    const chosen = chooseFrom(ready, perTeam, perWave);
    waves.push(waveOf(`wave-${waves.length + 1}`, chosen, bytesPerSecond));
    for (const one of chosen) placed.add(one);
    left = left.filter((one) => !placed.has(one));
  }
  const why = whyUsesUnknown(inventory.acls);
  return { waves, ...(why !== undefined && { orderUnknown: why }), idle: [...idle.values()].flat() };
}

/** The smallest that is in a circle which needs nothing outside of it. @param left from small to large, none of them ready */
function firstOfCircle(left: readonly Candidate[], placed: ReadonlySet<Candidate>): Candidate | undefined {
  const reached = new Map<Candidate, Set<Candidate>>();
  const reachOf = (one: Candidate): Set<Candidate> => {
    const there = reached.get(one);
    if (there) return there;
    const reach = new Set([...one.needs].filter((need) => !placed.has(need)));
    for (const next of reach) for (const need of next.needs) if (!placed.has(need)) reach.add(need);
    reached.set(one, reach);
    return reach;
  };
  return left.find((one) => [...reachOf(one)].every((other) => reachOf(other).has(one)));
}

/** As many as fit, in their order; the first always does. */
function chooseFrom(ready: readonly Candidate[], perTeam: number, perWave: number): Candidate[] {
  const chosen: Candidate[] = [];
  const busy = new Map<string, Set<string>>();
  for (const one of ready) {
    if (chosen.length >= perWave) break;
    const room = one.teams.every((team) => {
      const there = busy.get(team);
      return there === undefined || new Set([...there, ...one.applications]).size <= perTeam;
    });
    if (!room) {
      const why = `More than ${perTeam} applications of ${few(one.teams, 3)} would move at once.`;
      if (!one.after.includes(why)) one.after.push(why);
      continue;
    }
    chosen.push(one);
    for (const team of one.teams) busy.set(team, new Set([...(busy.get(team) ?? []), ...one.applications]));
  }
  return chosen;
}

/** A principal with rights on more sets than this belongs to the platform, not to an application. */
const mostSets = 20;

function depend(candidates: readonly Candidate[], uses: ReadonlyMap<TopicSet, Uses>): void {
  const readBy = new Map<string, Candidate[]>();
  const writtenBy = new Map<string, Candidate[]>();
  const add = (all: Map<string, Candidate[]>, principal: string, one: Candidate) =>
    all.set(principal, [...(all.get(principal) ?? []), one]);
  const partsOf = new Map<string, Candidate[]>();
  for (const one of candidates) {
    const { readers, writers } = uses.get(one.set) ?? { readers: [], writers: [] };
    for (const principal of readers) add(readBy, principal, one);
    for (const principal of writers) add(writtenBy, principal, one);
    if (one.set.part) add(partsOf, one.set.part.of, one);
  }
  for (const [principal, outputs] of writtenBy) {
    const inputs = readBy.get(principal) ?? [];
    if (inputs.length + outputs.length > mostSets) continue;
    for (const output of outputs)
      for (const input of inputs) {
        // Who reads and writes both may move both in any order.
        if (input === output || outputs.includes(input) || inputs.includes(output)) continue;
        output.needs.add(input);
        output.after.push(
          `${named(principal)} reads ${input.set.name} and writes here: its input moves first.`,
        );
      }
  }
  for (const parts of partsOf.values())
    parts
      .sort((a, b) => (a.set.part?.number ?? 0) - (b.set.part?.number ?? 0))
      .forEach((part, at) => {
        const before = parts[at - 1];
        if (before) part.needs.add(before);
      });
}

/** What a migration waits for without anybody's doing where its file says nothing else. */
const usual = migrationShape().shape.waits.parse({});
const usualWaitsMs = (parseDuration(usual.quiet) ?? 0) + (parseDuration(usual.soak) ?? 0);
const hourMs = 3_600_000;

function waveOf(name: string, planned: readonly Candidate[], bytesPerSecond?: number): Wave {
  const copied = planned.filter(
    ({ advice: { recommended } }) => recommended === null || isMirrored(recommended),
  );
  const { bytes, copySeconds } = expectedOf(
    { topics: copied.flatMap(({ set }) => set.topics), groups: [] },
    bytesPerSecond,
  );
  return {
    name,
    planned: planned.map(({ set, advice, teams, applications, after }) => ({
      ...{ set, advice, teams, applications, after },
    })),
    bytes,
    hours:
      copySeconds.value === undefined
        ? { unknown: copySeconds.unknown }
        : { value: (copySeconds.value * 1000 + usualWaitsMs) / hourMs },
  };
}

/** For example `2 migrations of billing, shop; 1.2 GB to copy, about 24h2m without what people take`. */
export function waveText({ planned, bytes, hours }: Wave): string {
  const teams = [...new Set(planned.flatMap(({ teams }) => teams))].sort();
  const time =
    hours.value === undefined
      ? `for how long is not known: ${hours.unknown}`
      : `about ${formatDuration(Math.round(hours.value * 60) * 60_000)} without what people take`;
  return `${planned.length} ${planned.length === 1 ? 'migration' : 'migrations'} of ${few(teams, 5)}; ${
    bytes.value === undefined
      ? 'how much there is to copy is not known'
      : `${formatBytes(bytes.value)} to copy`
  }, ${time}`;
}

/** @param why as `orderUnknown` of a plan has it */
export const orderUnknownText = (why: string): string =>
  `What depends on what is not known, and the order does not rest on it: ${why}.`;

/** The fleet file, with the reasons as comments. @param fileOf the path of the file of a set, from the fleet file's folder */
export function fleetFileFor(
  name: string,
  { waves, orderUnknown, idle }: WavePlan,
  fileOf: (set: TopicSet) => string,
): string {
  const file = new Document({
    name,
    waves: waves.map((wave) => ({
      name: wave.name,
      migrations: wave.planned.map(({ set }) => fileOf(set)),
    })),
    ...(idle.length > 0 && { idle }),
  });
  const missing = waves.flatMap(({ planned }) =>
    planned.filter(({ advice }) => advice.recommended === null).map(({ set }) => set.name),
  );
  file.commentBefore = comment([
    `Waves of migrations, advised by ferry: ${orderUnknown === undefined ? 'what others depend on first by their ACLs, ' : ''}small and idle ones before large ones.`,
    ...(orderUnknown === undefined ? [] : [orderUnknownText(orderUnknown)]),
    ...(missing.length > 0
      ? [`No strategy fits yet for ${few(missing)}: answer the questions, or fill it in.`]
      : []),
  ]);
  const root = file.contents;
  if (!isMap(root)) return String(file);
  const listed = root.get('waves');
  if (isSeq(listed))
    listed.items.forEach((item, at) => {
      const wave = waves[at];
      if (!wave) return;
      (item as YAMLMap).commentBefore = comment([
        waveText(wave),
        ...wave.planned.flatMap(({ set, after }) => after.map((why) => `${set.name}: ${why}`)),
      ]);
    });
  const pair = root.items.find(({ key }) => String(key) === 'idle');
  if (pair)
    (pair.key as { commentBefore?: string }).commentBefore = comment([
      'In no migration: look whether they can be deleted instead. That nobody was seen is no proof that nobody comes.',
    ]);
  return String(file);
}

const comment = (lines: readonly string[]): string => lines.map((line) => ` ${oneLine(line)}`).join('\n');
