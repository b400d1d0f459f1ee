import { z } from 'zod';
import { tableOf } from '../migration/by-name.js';
import { findingShape } from './finding-shape.js';
import { offsetTableShape, type SourceOffsets, type TargetOffsets } from '../migration/offsets.js';
import { packedAclsShape, type MadeAcl, type PackedAcls } from '../migration/packed-acls.js';
import type { TranslatedGroup } from '../migration/work/offsets.js';
import type { ParityReport } from '../migration/work/parity.js';
import type { SourceManifest } from '../migration/work/retire.js';
import type { MadeTopic } from '../migration/work/topics.js';
import type { Step } from '../migration/state.js';
import type { Parity } from './account.js';
import type { State } from './state-carried.js';

/** A comparison as it was kept: of what is evidence the first ranges and differences alone. */
type KeptReport = Pick<Parity, keyof ParityReport | 'leftOut'>;

export type AclTable = { topic: string; acls: string[] }[];

/** What activities have found and done, the latest of each kind. */
export interface Found {
  topicIds: Record<string, string | null>;
  start?: TargetOffsets;
  ends?: SourceOffsets;
  mirrored?: TargetOffsets;
  /** Up to where every group has read the source. */
  drained?: SourceOffsets;
  translated: TranslatedGroup[];
  made: { topics: MadeTopic[]; acls: (MadeAcl | PackedAcls)[] };
  parity?: {
    at: string;
    verdict: 'equal' | 'not-proved' | 'differs';
    sentence: string;
    report: KeptReport;
    hashes?: Record<string, string>;
  };
  manifest?: SourceManifest[];
  /** How often something was asked to be deleted, without those times of which it is known that nothing was. */
  deletionAsked?: number;
  /** The ACLs that the deletion was told to take along; absent: all. */
  aclsToGo?: AclTable;
  deleted?: { at: string; sentence: string; acls?: AclTable };
  recreated: string[];
}

const text = z.string();
const offsets = offsetTableShape().optional().catch(undefined);
const acls = z.array(z.object({ topic: text, acls: z.array(text) }));
const manifest = z.array(
  z.object({
    topic: text,
    topicId: text.nullable(),
    partitions: z.number().optional(),
    replicationFactor: z.number().optional(),
    // Runs of before had a list of decimal strings.
    highWatermarks: z.union([text, z.array(text)]),
    config: tableOf(text),
    acls: z.array(text).optional(),
  }),
);
const range = z.object({
  ...{ topic: text, partition: z.number(), from: text, to: text, why: text },
  onSourceAlone: z.number().optional(),
});
const difference = z.object({
  ...{ topic: text, partition: z.number(), source: text.nullable(), target: text.nullable(), what: text },
});
const leftOut = z.object({ leftOut: z.number() });

/** Evidence is summed up: behind the first of a list stands how many were left out. */
function readable<T>(shape: z.ZodType<T>, items: readonly unknown[]): { kept: T[]; left: number } {
  const kept = items.flatMap((item) => shape.safeParse(item).data ?? []);
  const others = items.filter((item) => !shape.safeParse(item).success);
  return {
    kept,
    left: others.reduce<number>((sum, item) => sum + (leftOut.safeParse(item).data?.leftOut ?? 1), 0),
  };
}

const report = z
  .object({
    records: text,
    bytes: text,
    unverifiable: z.array(z.unknown()).default([]),
    differences: z.array(z.unknown()).default([]),
  })
  .transform(({ unverifiable, differences, ...sums }): KeptReport => {
    const [ranges, differing] = [readable(range, unverifiable), readable(difference, differences)];
    return {
      ...sums,
      unverifiable: ranges.kept,
      differences: differing.kept,
      leftOut: ranges.left + differing.left,
    };
  });
const madeTopics = z.array(z.object({ name: text, topicId: text.nullable() }));
// What names one resource would be read as what names none.
const madeAcls = z.array(z.union([z.looseObject({ resourceName: text }), packedAclsShape]));
const translated = z.array(z.looseObject({ group: text }));

/** An answer of an activity: each part by itself, so that what is of another version takes nothing else with it. */
const answer = z.looseObject({
  state: text.optional().catch(undefined),
  sentence: text.optional().catch(undefined),
  findings: z.array(findingShape).optional().catch(undefined),
  topicIds: tableOf(text.nullable()).optional().catch(undefined),
  start: offsets,
  ends: offsets,
  marks: offsets,
  mirrored: offsets,
  made: z.unknown().optional(),
  translated: translated.optional().catch(undefined),
  report: report.optional().catch(undefined),
  data: z
    .looseObject({ hashes: tableOf(text) })
    .optional()
    .catch(undefined),
  manifest: manifest.optional().catch(undefined),
  acls: acls.optional().catch(undefined),
  begun: z.boolean().optional().catch(undefined),
  closed: z.boolean().optional().catch(undefined),
  recreated: z.array(text).optional().catch(undefined),
});

export type Answer = z.output<typeof answer>;
export const answerOf = (value: unknown): Answer => answer.safeParse(value).data ?? {};

export const nothingFound = (): Found => ({
  topicIds: {},
  translated: [],
  made: { topics: [], acls: [] },
  recreated: [],
});

/** Takes down what an activity has answered. @param input what it was given */
export function takeDown(found: Found, activity: string, input: unknown, value: unknown, at: string): void {
  const got = answerOf(value);
  switch (activity) {
    case 'checkPlan':
      found.topicIds = got.topicIds ?? found.topicIds;
      return;
    case 'createTopics':
      found.made.topics = merged(
        found.made.topics,
        madeTopics.safeParse(got.made).data ?? [],
        ({ name }) => name,
      );
      return;
    case 'copyAcls':
      // Where some were refused, the next time makes those that are missing.
      found.made.acls.push(...((madeAcls.safeParse(got.made).data ?? []) as Found['made']['acls']));
      return;
    case 'seedOffsets':
      if (got.start) found.start = got.start as TargetOffsets;
      return;
    case 'watchQuiet':
      if (got.state === 'quiet' && got.ends) found.ends = got.ends as SourceOffsets;
      return;
    case 'watchDrain': {
      const to = offsets.parse((input as { to?: unknown } | null)?.to);
      if (got.state === 'drained' && to) found.drained = to as SourceOffsets;
      return;
    }
    case 'watchMirror':
      if (got.state === 'caught-up' && got.mirrored) found.mirrored = got.mirrored as TargetOffsets;
      return;
    case 'translateGroups':
      found.translated = merged(found.translated, got.translated ?? [], ({ group }) => group);
      return;
    case 'watchParity':
      if (got.report && (got.state === 'equal' || got.state === 'not-proved' || got.state === 'differs'))
        found.parity = {
          ...{ at, verdict: got.state, sentence: got.sentence ?? '' },
          report: got.report,
          ...(got.data && { hashes: got.data.hashes }),
        };
      return;
    case 'finalCheck':
      if (got.manifest && got.manifest.length > 0) checkedAgain(found, got.manifest);
      return;
    case 'deleteSource':
      // With findings, or outside its hours, it has deleted nothing now.
      if ((got.findings ?? []).length > 0 || got.closed === true) {
        if (got.begun !== true) found.deletionAsked = 0;
      } else if (got.sentence !== undefined) {
        const gone = got.acls && mergedAcls(found.deleted?.acls ?? [], got.acls);
        found.deleted = { at, sentence: got.sentence, ...(gone && { acls: gone }) };
      }
      return;
    case 'watchDeleted':
      if (got.state === 'gone') found.recreated = got.recreated ?? [];
      return;
  }
}

/** What may have been done although nothing was answered. @param input what it is given */
export function begin(found: Found, activity: string, input: unknown): void {
  if (activity !== 'deleteSource') return;
  found.deletionAsked = (found.deletionAsked ?? 0) + 1;
  found.aclsToGo = acls.safeParse((input as { acls?: unknown } | null)?.acls).data;
}

/** A check after the deletion has begun sees what is left of it alone. */
function checkedAgain(found: Found, checked: NonNullable<Answer['manifest']>): void {
  const now = checked as unknown as SourceManifest[];
  if (!found.deletionAsked || !found.manifest) {
    found.manifest = now;
    return;
  }
  const before = new Map(found.manifest.map((one) => [one.topic, one.acls]));
  const whole = now.map((one) => {
    const there = [...new Set([...(before.get(one.topic) ?? []), ...(one.acls ?? [])])];
    return { ...one, ...((before.get(one.topic) ?? one.acls) && { acls: there }) };
  });
  found.manifest = merged(found.manifest, whole, ({ topic }) => topic);
}

/** What was found in runs that Temporal has no longer: as much of it as went along. */
export function foundIn({ facts, steps }: State): Found {
  const { drained, topicIds, start, ends, mirrored, translated = [], made, marks } = facts;
  const upTo = typeof drained === 'string' ? { ends, marks }[drained] : drained;
  const deletion = dataOf(steps, 'deletionApproved');
  const gone = steps.find(({ id }) => id === 'deleteSource');
  const parity = steps.find(({ id }) => id === 'parity');
  const compared = parity?.evidence.findLast(({ data }) => report.safeParse(data).success);
  const manifestKept = manifest.safeParse(deletion?.['manifest']).data;
  const deletedAcls = acls.safeParse(dataOf(steps, 'deleteSource')?.['acls']).data;
  return {
    topicIds: topicIds ?? {},
    ...(start && { start }),
    ...(ends && { ends }),
    ...(mirrored && { mirrored }),
    ...(upTo && { drained: upTo }),
    translated,
    made: { topics: made?.topics ?? [], acls: [...(made?.acls ?? [])] },
    ...(compared && {
      parity: {
        at: compared.at,
        verdict: verdictOf(report.parse(compared.data), compared.unverified ?? parity?.unverified),
        sentence: compared.sentence,
        report: report.parse(compared.data),
      },
    }),
    ...(facts.deletingSince !== undefined && { deletionAsked: 1 }),
    ...(manifestKept && { manifest: manifestKept as unknown as SourceManifest[] }),
    ...(gone?.status === 'done' && {
      deleted: {
        at: gone.endedAt ?? '',
        sentence: gone.says ?? '',
        ...(deletedAcls && { acls: deletedAcls }),
      },
    }),
    recreated: z.array(text).safeParse(dataOf(steps, 'deleteSource')?.['recreated']).data ?? [],
  };
}

/** By what was found, and not by how the step stands: it may be blocked, skipped or open again for other reasons. */
function verdictOf(
  { differences, unverifiable, leftOut: more }: KeptReport,
  unverified: Step['unverified'],
): 'equal' | 'not-proved' | 'differs' {
  if (differences.length > 0) return 'differs';
  return unverifiable.length > 0 || more > 0 || unverified ? 'not-proved' : 'equal';
}

function dataOf(steps: readonly Step[], id: Step['id']): Record<string, unknown> | undefined {
  const data = steps.find((step) => step.id === id)?.evidence.findLast((one) => one.data !== undefined)?.data;
  return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : undefined;
}

function mergedAcls(before: AclTable, these: AclTable): AclTable {
  const topics = new Map(before.map(({ topic, acls }) => [topic, acls]));
  for (const { topic, acls } of these)
    topics.set(topic, [...new Set([...(topics.get(topic) ?? []), ...acls])]);
  return [...topics].map(([topic, acls]) => ({ topic, acls }));
}

function merged<T>(before: readonly T[], these: readonly T[], key: (one: T) => string): T[] {
  const now = new Set(these.map(key));
  return [...before.filter((one) => !now.has(key(one))), ...these];
}
