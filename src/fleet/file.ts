import { z } from 'zod';
import { few, named } from '../migration/foreign-text.js';
import { mirrorKind, parseMigration, type Migration } from '../migration/file.js';
import { mistakeText, pathText, type Mistake } from '../migration/mistakes.js';
import { readHours } from '../migration/hours.js';
import { leastRate, parseRate } from '../migration/rate.js';
import { isRealDay } from '../migration/real-day.js';
import { bytesOf, mostBytes, sayMegabytes } from '../migration/size.js';
import { isMirrored, stepKinds, type StepId, type Strategy } from '../migration/strategies.js';
import { withDefaults } from './defaults.js';
import { circleIn } from './circle.js';

const name = (what: string) =>
  z.string({ error: `expected ${what}` }).regex(/^[a-z0-9][a-z0-9._-]{0,99}$/, {
    error: `expected ${what} of up to 100 small letters, digits, dots, underscores or hyphens`,
  });

const moment = z
  .string({ error: 'expected a date and time such as 2026-12-01T08:00+01:00' })
  .refine((text) => /T.*(Z|[+-]\d{2}:?\d{2})$/.test(text) && !Number.isNaN(Date.parse(text)), {
    error: 'expected a date and time with its distance from UTC, such as 2026-12-01T08:00+01:00',
  });

const hours = z
  .array(
    z
      .string({ error: 'expected hours such as mon-thu 09:00-15:00 Europe/Oslo' })
      .superRefine((text, context) => {
        const read = readHours(text);
        if (typeof read === 'string') context.addIssue({ code: 'custom', message: read });
      }),
    { error: 'expected a list of hours' },
  )
  .min(1, { error: 'expected at least one time; leave the key out where any hour will do' });

const some = z
  .int({ error: 'expected a number of migrations' })
  .min(1, { error: 'expected at least 1' })
  .max(1_500, { error: 'expected at most 1500: Temporal takes 2,000 running children of one workflow' });

const window = z.strictObject({
  /** Migrations that run at once, and of these those that copy; those that are blocked do not count. */
  running: some.optional(),
  copying: some.optional(),
  runningPerTarget: some.optional(),
  copyingPerTarget: some.optional(),
});

const after = z.union(
  [
    z.string(),
    z.strictObject({
      wave: z.string(),
      step: z.enum(Object.keys(stepKinds) as [StepId, ...StepId[]], { error: 'expected the id of a step' }),
    }),
  ],
  { error: 'expected the name of a wave, or { wave, step }' },
);

const names = z.array(z.string());

const member = z.union(
  [
    z.string().min(1),
    z.strictObject({ file: z.string().min(1), after: names.optional() }),
    z.strictObject({ migration: z.record(z.string(), z.unknown()), after: names.optional() }),
    z.looseObject({ name: z.string() }),
  ],
  {
    error:
      'expected the path of a migration file, { file, after }, { migration, after }, or a migration with its name',
  },
);

const wave = z.strictObject({
  name: name('a name for the wave'),
  /** Paths of migration files, from the folder of this file, or the migrations themselves. */
  migrations: z.array(member, { error: 'expected a list of migrations' }).min(1, {
    error: 'expected at least one migration',
  }),
  approval: z.boolean({ error: 'expected true or false' }).optional(),
  startsAt: moment.optional(),
  after: after.optional(),
  window: window.optional(),
});

/** Migrations that run together. `ferry advise --waves` writes one, and a person may change it. */
const shape = z.strictObject(
  {
    name: name('a name for the fleet'),
    description: z.string({ error: 'expected a text' }).max(2_000).optional(),
    defaults: z
      .record(z.string(), z.unknown(), { error: 'expected an object with keys of a migration file' })
      .optional(),
    window: window.prefault({}),
    budget: z
      .union([z.string(), z.number()], { error: 'expected a rate such as 200MB/s' })
      .refine((text) => parseRate(text) !== null, { error: 'expected a rate such as 200MB/s' })
      .optional(),
    hours: z.strictObject({ people: hours.optional(), deletions: hours.optional() }).prefault({}),
    freezes: z
      .array(z.strictObject({ from: moment, until: moment, reason: z.string().max(500).optional() }))
      .default([]),
    waves: z.array(wave, { error: 'expected a list of waves' }),
    /** Topics that are in no migration, since nobody was seen to use them. Nothing deletes them but a person. */
    idle: z.array(z.strictObject({ topic: z.string(), why: z.string() })).default([]),
  },
  {
    error: (issue) =>
      issue.code === 'invalid_type' ? 'expected a fleet: an object with name and waves' : undefined,
  },
);

export const fleetShape = () => shape;
export type FleetFile = z.input<typeof shape>;
export type FleetShape = z.output<typeof shape>;
export type Window = z.output<typeof window>;

/** A migration of a fleet, its defaults filled in. */
export interface Member {
  migration: Migration;
  /** As it is given to the workflow that carries it out. */
  file: unknown;
  wave: string;
  /** Names of migrations of this fleet that it waits for. */
  after: string[];
}

export interface Fleet {
  shape: FleetShape;
  members: Member[];
  byName: ReadonlyMap<string, Member>;
  /** In their order. */
  byWave: ReadonlyMap<string, readonly Member[]>;
}

type Written = FleetShape['waves'][number]['migrations'][number];

/** The file that a member names; undefined when it is the migration itself. */
export function fileOf(written: Written): string | undefined {
  if (typeof written === 'string') return written;
  return 'file' in written && typeof written.file === 'string' && !('name' in written)
    ? written.file
    : undefined;
}

function inlineOf(written: Written): { file: unknown; after: string[] } {
  if (typeof written === 'string') return { file: undefined, after: [] };
  if ('migration' in written && !('name' in written)) {
    const { migration, after: needs } = written as { migration: unknown; after?: string[] };
    return { file: migration, after: needs ?? [] };
  }
  const { after: needs, ...file } = written as Record<string, unknown>;
  return { file, after: Array.isArray(needs) ? needs.map(String) : [] };
}

/** The shape alone: files that it names are not read. */
export function readFleet(
  input: unknown,
): { shape: FleetShape; mistakes?: undefined } | { mistakes: Mistake[]; shape?: undefined } {
  const parsed = shape.safeParse(input);
  if (parsed.success) return { shape: parsed.data };
  return {
    mistakes: parsed.error.issues.flatMap((issue): Mistake[] =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => ({
            path: pathText([...issue.path, key]),
            expected: 'is not a key of a fleet file',
          }))
        : [{ path: pathText(issue.path), expected: issue.message }],
    ),
  };
}

/** What is remembered of one that runs, at most. */
const bytesOfMember = 700;

/** Temporal takes 2 MB, and a fleet is handed on whole from run to run. */
function sizeMistakes(input: unknown, { waves }: FleetShape): Mistake[] {
  const members = waves.reduce((sum, { migrations }) => sum + migrations.length, 0);
  const bytes = bytesOf(input) + members * bytesOfMember;
  return bytes <= mostBytes
    ? []
    : [
        {
          path: 'waves',
          expected: `expected a smaller fleet: its files and what is remembered of each of ${members} migrations take ${sayMegabytes(bytes)}, more than the 2 MB that Temporal takes; divide it`,
        },
      ];
}

/** Whether the budget is shared with it: MirrorMaker knows no rate. */
export const isThrottled = ({ mirror }: Migration, strategy: Strategy): boolean =>
  isMirrored(strategy) && mirrorKind({ strategy, mirror }) === 'engine';

/** Bytes a second; less could not be shared among all mirrors of a fleet. */
export const leastBudget = (members: readonly Member[]): number =>
  members.filter(({ migration }) => isThrottled(migration, migration.strategy)).length * leastRate;

/** Of a file that nobody has written by hand; each is looked at whenever a migration has reported. */
const mostFreezes = 500;

/** What was not looked at when there were fleets already: one that runs by its file is not to end for it. */
function laterMistakes(shape: FleetShape, members: readonly Member[]): Mistake[] {
  const { freezes, waves, budget } = shape;
  const least = leastBudget(members);
  const tooMany = {
    path: 'freezes',
    expected: `expected at most ${mostFreezes} freezes, not ${freezes.length}: leave out those that are over`,
  };
  const tooLittle = {
    path: 'budget',
    expected: `expected at least ${least} bytes a second: a mirror copies no less than ${leastRate}, and all of them may copy at once`,
  };
  return [
    ...(freezes.length > mostFreezes ? [tooMany] : []),
    ...momentsIn(shape).flatMap(({ path, moment: at }) =>
      isRealDay(at) ? [] : [{ path, expected: `expected a day that there is, not ${at}` }],
    ),
    ...(['people', 'deletions'] as const).flatMap((what) =>
      (shape.hours[what]?.length ?? 0) > mostHours
        ? [{ path: `hours.${what}`, expected: `expected at most ${mostHours} times` }]
        : [],
    ),
    ...(budget !== undefined && (parseRate(budget) ?? least) < least ? [tooLittle] : []),
    ...waves.flatMap(({ migrations }, at) =>
      migrations.flatMap((written, index) =>
        saysWhatItNeeds(written)
          ? []
          : [
              {
                path: `waves[${at}].migrations[${index}].after`,
                expected: 'expected a list of names of migrations, such as [orders]',
              },
            ],
      ),
    ),
  ];
}

/** Each migration holds the times of weeks ahead, and a daily one has many of them. */
const mostHours = 12;

function momentsIn({ freezes, waves }: FleetShape): { path: string; moment: string }[] {
  return [
    ...waves.flatMap(({ startsAt }, at) =>
      startsAt === undefined ? [] : [{ path: `waves[${at}].startsAt`, moment: startsAt }],
    ),
    ...freezes.flatMap(({ from, until }, at) => [
      { path: `freezes[${at}].from`, moment: from },
      { path: `freezes[${at}].until`, moment: until },
    ]),
  ];
}

/** A migration that stands in the file has keys of its own, among which the shape of the fleet does not look. */
const saysWhatItNeeds = (written: Written): boolean =>
  typeof written === 'string' || written.after === undefined || names.safeParse(written.after).success;

/**
 * Reads and checks a fleet whole, its migrations among it, every mistake at once. Files that it names have to be read
 * before (`fileOf`): a workflow can read none.
 *
 * @param since whether what came later is checked, too; asked only where it makes a difference
 */
export function parseFleet(
  input: unknown,
  since: () => boolean = () => true,
): { fleet: Fleet; mistakes?: undefined } | { mistakes: Mistake[]; fleet?: undefined } {
  const { shape, mistakes: wrong } = readFleet(input);
  if (!shape) return { mistakes: wrong };
  const tooLarge = sizeMistakes(input, shape);
  if (tooLarge.length > 0) return { mistakes: tooLarge };
  const mistakes: Mistake[] = [];
  const members: Member[] = [];
  const seen = new Map<string, string>();
  shape.waves.forEach((one, at) => {
    if (shape.waves.findIndex((other) => other.name === one.name) < at)
      mistakes.push({
        path: `waves[${at}].name`,
        expected: `expected each wave once, not ${one.name} twice`,
      });
    one.migrations.forEach((written, index) => {
      const path = `waves[${at}].migrations[${index}]`;
      if (fileOf(written) !== undefined)
        return void mistakes.push({
          path,
          expected: 'expected the migration itself: files are read by ferry fleet start alone',
        });
      const { file, after: needs } = inlineOf(written);
      const whole = withDefaults(file, shape.defaults);
      const { migration, mistakes: own = [] } = parseMigration(whole);
      mistakes.push(...own.map((mistake) => ({ path: `${path}`, expected: mistakeText(mistake) })));
      if (!migration) return;
      const bytes = bytesOf(whole);
      if (bytes > mostBytes)
        mistakes.push({
          path,
          expected: `expected a smaller migration: with the defaults ${migration.name} takes ${sayMegabytes(bytes)}, more than the 2 MB that Temporal takes; say in each file what it needs of them`,
        });
      const before = seen.get(migration.name);
      if (before !== undefined)
        mistakes.push({
          path,
          expected: `expected each migration in one wave: ${migration.name} is in ${before} already`,
        });
      seen.set(migration.name, one.name);
      members.push({ migration, file: whole, wave: one.name, after: needs });
    });
  });
  if (shape.waves.length === 0) mistakes.push({ path: 'waves', expected: 'expected at least one wave' });
  mistakes.push(...unknownNames(shape, members, seen), ...circles(shape, members));
  for (const [at, { from, until }] of shape.freezes.entries())
    if (Date.parse(from) >= Date.parse(until))
      mistakes.push({ path: `freezes[${at}].until`, expected: 'expected a time after from' });
  const later = laterMistakes(shape, members);
  if (later.length > 0 && since()) mistakes.push(...later);
  return mistakes.length > 0 ? { mistakes } : { fleet: indexed(shape, members) };
}

/** Both are looked up for every migration whenever one has reported: to search would take seconds. */
function indexed(shape: FleetShape, members: Member[]): Fleet {
  const byWave = new Map<string, Member[]>(shape.waves.map((one) => [one.name, []]));
  for (const one of members) byWave.get(one.wave)?.push(one);
  return { shape, members, byName: new Map(members.map((one) => [one.migration.name, one])), byWave };
}

/** Of a wave: the wave that it waits for, and the step at which that has to be. */
export function waitsFor({
  after: one,
}: FleetShape['waves'][number]): { wave: string; step: StepId } | undefined {
  return typeof one === 'string' ? { wave: one, step: 'soak' } : one;
}

function unknownNames(
  shape: FleetShape,
  members: readonly Member[],
  seen: ReadonlyMap<string, string>,
): Mistake[] {
  const waves = shape.waves.map((one) => one.name);
  return [
    ...shape.waves.flatMap((one, at) => {
      const needs = waitsFor(one)?.wave;
      return needs === undefined || waves.includes(needs)
        ? []
        : [{ path: `waves[${at}].after`, expected: `expected one of ${few(waves)}, not ${named(needs)}` }];
    }),
    ...members.flatMap(({ migration, wave: of, after: needs }) =>
      needs
        .filter((one) => !seen.has(one))
        .map((one) => ({
          path: `waves[${waves.indexOf(of)}].migrations`,
          expected: `expected a migration of this fleet after which ${migration.name} comes, not ${named(one)}`,
        })),
    ),
  ];
}

/** What waits for itself never starts. A migration waits for its wave, too, and a wave for all of those of another. */
function circles(shape: FleetShape, members: readonly Member[]): Mistake[] {
  const arrows = new Map<string, string[]>();
  const to = (from: string, on: string) => arrows.set(from, [...(arrows.get(from) ?? []), on]);
  for (const one of shape.waves) {
    const needs = waitsFor(one);
    if (!needs) continue;
    to(`wave ${one.name}`, `all of ${needs.wave}`);
  }
  for (const { migration, wave: of, after: needs } of members) {
    to(migration.name, `wave ${of}`);
    to(`all of ${of}`, migration.name);
    for (const one of needs) to(migration.name, one);
  }
  const circle = circleIn(arrows);
  return circle
    ? [
        {
          path: 'waves',
          expected: `expected no circle: ${circle
            .filter((one) => !one.startsWith('all of '))
            .map(named)
            .join(' waits for ')}`,
        },
      ]
    : [];
}
