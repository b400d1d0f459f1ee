import type { Finding } from '../../src/migration/findings.js';
import { longNumbers } from '../../src/registry/json-numbers.js';
import { refusedByKarapace } from '../../src/registry/karapace.js';
import { referenceLoop, registrationOrder } from '../../src/registry/order.js';
import { versionKey, versionText, type SchemaVersion } from '../../src/registry/schema.js';
import type { Snapshot } from '../../src/registry/snapshot.js';
import { grouped } from '../../src/migration/grouped.js';
import { compareByContent, compareById } from './schema-comparison.js';
import { isPlaceholder } from './schema-placeholder.js';
import { usualIdDistance, type SubjectMoves } from './schema-subjects.js';
import type { TargetView } from './schema-target.js';
import { asking, blocking, noting } from '../kit/weights.js';
import { count, listed } from '../kit/wording.js';
import { under } from '../../src/migration/by-name.js';

/**
 * What becomes of the ids that records carry.
 * - `keep`: each version has its id and number on the target too, soft-deleted ones as well: what copied records need.
 * - `translate`: all versions, under ids that the target chooses; whoever copies records puts these into them.
 * - `any`: live versions under ids that the target chooses: for strategies that bring no history along.
 */
export type Ids = 'keep' | 'translate' | 'any';

/** What an acceptance that changes how records are copied refers to. */
export const idKeys = {
  /** The target cannot keep ids. */
  notKept: 'schema-ids-not-kept',
  /** An id in a record stands for nothing that is copied. */
  unknown: (id: number): string => `schema-id-unknown:${id}`,
  idOf: (key: string): number | undefined => {
    const [, id] = /^schema-id-unknown:(\d+)$/.exec(key) ?? [];
    return id === undefined ? undefined : Number(id);
  },
} as const;

/** What is to be done on the target, all names as they are there. */
export interface SchemaPlan {
  /** Every conflict there is. While one stands, nothing is written. */
  readonly findings: Finding[];
  /** Everything that the target is to have, in an order in which it can be registered. */
  readonly wanted: readonly SchemaVersion[];
  /** Of those the ones it has not, in that order. */
  readonly register: readonly SchemaVersion[];
  /** What is live on the target and soft-deleted on the source; what refers to others first. */
  readonly softDelete: readonly SchemaVersion[];
  /** Compatibility levels that differ, to be set when all is registered. */
  readonly levels: readonly { subject: string; level: string }[];
  /** With `keep`: the id above which the target is to give its own, when none was reserved or the source comes near. */
  readonly reserve: number | undefined;
  /** The name of the source, for what is reserved beyond its ids. */
  readonly source: string;
  /** Subjects in which others have registered versions on the target. */
  readonly foreign: ReadonlySet<string>;
  /** Id on the target by id on the source, of what is there already. */
  readonly ids: ReadonlyMap<number, number>;
  /** Version on the target by `versionKey` with the number on the source, of what is there already. */
  readonly numbers: ReadonlyMap<string, number>;
}

export interface PlanInput {
  source: Snapshot;
  sourceName: string;
  target: TargetView;
  moves: SubjectMoves;
  ids: Ids;
  idDistance?: number;
}

/** Says from which id on the target gives its own. */
export const nextIdKey = 'schema-next-id';

const highestId = 0x7fff_ffff;

/**
 * Far beyond what the source will give, once for each pair of registries, and again when the source has come half as far:
 * nothing may stand under an id that the source could still give.
 */
function reserveFor(
  source: Snapshot,
  target: TargetView,
  registers: boolean,
  distance: number,
): number | undefined {
  if (!target.hasModes || (target.reserved === 0 && !registers)) return undefined;
  if (target.reserved - source.maxId >= distance / 2) return undefined;
  return Math.min(Math.max(source.maxId, target.maxId) + distance, highestId);
}

/** Compares both registries and says what is to be done. Pure: nothing is asked and nothing is written. */
export function planSchemas({
  source,
  sourceName,
  target,
  moves,
  ids,
  idDistance = usualIdDistance,
}: PlanInput): SchemaPlan {
  const findings = [
    ...missingSubjects(source, sourceName, moves),
    ...unreadable(source, sourceName),
    ...brokenReferences(source, sourceName),
    ...collisions(source, moves, target.name),
  ];
  const wanted = scope(source.versions, ids).map((version) => renamed(version, moves));
  const loop = referenceLoop(wanted);
  if (loop)
    findings.push(
      blocking(
        `schema-reference-loop:${versionText(loop[0]!)}`,
        `Schemas on ${sourceName} refer to each other in a loop (${loop.map(versionText).join(' → ')}), so none can be registered first: break the loop there.`,
      ),
    );
  if (findings.some(({ weight }) => weight === 'blocks')) return nothing(findings, sourceName);

  const order = registrationOrder(wanted);
  const compared = ids === 'keep' ? compareById(order, target) : compareByContent(order, target);
  findings.push(...compared.findings, ...readOnly(order, target), ...refused(order, target));
  const foreign = target.versions.filter(
    (version) => !compared.matched.has(version) && !isPlaceholder(version),
  );
  findings.push(...foreign.map((version) => foreignVersion(version, target.name)));
  if (ids === 'keep') findings.push(...notesOnIds(order, source, sourceName, target));
  const reserve =
    ids === 'keep' ? reserveFor(source, target, compared.register.length > 0, idDistance) : undefined;
  if (reserve !== undefined)
    findings.push(
      noting(
        nextIdKey,
        `${target.name} goes on to give ids above ${reserve}, which is ${idDistance} beyond the highest of ${sourceName} (schemas.idDistance): what applications register there never meets what ${sourceName} gives later.`,
      ),
    );
  return {
    findings,
    wanted: order,
    register: compared.register,
    softDelete: compared.softDelete,
    levels: levelsToSet(source, moves, order, target),
    reserve,
    source: sourceName,
    foreign: new Set(foreign.map(({ subject }) => subject)),
    ids: compared.ids,
    numbers: compared.numbers,
  };
}

const nothing = (findings: Finding[], source: string): SchemaPlan => ({
  findings,
  wanted: [],
  register: [],
  softDelete: [],
  levels: [],
  reserve: undefined,
  source,
  foreign: new Set(),
  ids: new Map(),
  numbers: new Map(),
});

/** All versions; for strategies without history the live ones, and what they refer to. */
function scope(versions: readonly SchemaVersion[], ids: Ids): SchemaVersion[] {
  if (ids !== 'any') return [...versions];
  const byKey = new Map(versions.map((version) => [versionKey(version), version]));
  const kept = new Set(versions.filter(({ deleted }) => !deleted));
  // A set that grows while it is walked over: what is added is visited too.
  for (const version of kept)
    for (const reference of version.references) {
      const needed = byKey.get(versionKey(reference));
      if (needed) kept.add(needed);
    }
  return versions.filter((version) => kept.has(version));
}

function renamed(version: SchemaVersion, { rename }: SubjectMoves): SchemaVersion {
  return {
    ...version,
    subject: rename(version.subject),
    references: version.references.map((reference) => ({ ...reference, subject: rename(reference.subject) })),
  };
}

function missingSubjects({ absent, versions }: Snapshot, sourceName: string, moves: SubjectMoves): Finding[] {
  if (moves.named)
    return absent.map((subject) =>
      blocking(
        `schema-subject-missing:${subject}`,
        `There is no subject ${subject} on ${sourceName}, or its user may not read it (on Karapace schema_registry_read on Subject:${subject}): mend schemas.subjects in the migration file, or grant it.`,
      ),
    );
  return versions.length > 0
    ? []
    : [
        asking(
          'schema-none',
          moves.none ??
            `${sourceName} has no subject by the names of the topics (${listed(moves.subjects)}): name the subjects in the migration file (schemas.subjects), or accept that there are none.`,
        ),
      ];
}

function unreadable({ unreadable: versions }: Snapshot, sourceName: string): Finding[] {
  return versions.map((version) =>
    asking(
      `schema-unreadable:${versionText(version)}`,
      `${sourceName} lists ${versionText(version)} and does not show it, as some registries do with deleted ones: restore it there, or accept that it is not copied and that records with its id cannot be read on the target.`,
    ),
  );
}

function brokenReferences({ broken }: Snapshot, sourceName: string): Finding[] {
  return broken.map(({ from, subject, version }) =>
    blocking(
      `schema-reference-missing:${versionText(from)}`,
      `${versionText(from)} on ${sourceName} refers to ${versionText({ subject, version })}, which is not there any more: delete ${versionText(from)} for good, or restore what it refers to.`,
    ),
  );
}

function collisions({ versions }: Snapshot, { rename }: SubjectMoves, target: string): Finding[] {
  const subjects = [...new Set(versions.map(({ subject }) => subject))];
  return [...grouped(subjects, rename)].flatMap(([name, from]) =>
    from.length < 2
      ? []
      : [
          blocking(
            `schema-subject-twice:${name}`,
            `${listed(from)} would both be ${name} on ${target}: copy one of them in another migration.`,
          ),
        ],
  );
}

/** What somebody else has registered where the copy goes. */
function foreignVersion(version: SchemaVersion, target: string): Finding {
  return asking(
    `schema-on-target:${versionText(version)}`,
    `${versionText(version)}${version.deleted ? ' (deleted)' : ''} is on ${target} and not on the source: find out who registers schemas there, and delete it or accept it.`,
  );
}

function readOnly(order: readonly SchemaVersion[], { modes, name }: TargetView): Finding[] {
  return [...new Set(order.map(({ subject }) => subject))]
    .filter((subject) => under(modes, subject)?.startsWith('READONLY'))
    .map((subject) =>
      blocking(
        `schema-read-only:${subject}`,
        `${subject} on ${name} is in mode ${under(modes, subject) ?? ''}: have it set back, then try again.`,
      ),
    );
}

/** What can be told beforehand that the target will refuse. */
function refused(
  order: readonly SchemaVersion[],
  { globalMode, isKarapace, name, versions }: TargetView,
): Finding[] {
  const findings: Finding[] = [];
  if (globalMode === 'IMPORT')
    findings.push(
      blocking(
        'schema-registry-importing',
        `${name} is in import mode as a whole, so nobody can register schemas there: find out who did it, and set the mode back.`,
      ),
    );
  const there = new Set(versions.map(versionKey));
  if (isKarapace)
    for (const version of order) {
      const why = there.has(versionKey(version)) ? undefined : refusedByKarapace(version);
      if (why !== undefined)
        findings.push(
          blocking(
            `schema-refused:${versionText(version)}`,
            `${name} is a Karapace and will not take ${versionText(version)}: ${why}.`,
          ),
        );
    }
  for (const version of order) {
    const long = version.type === 'PROTOBUF' ? [] : longNumbers(version.text);
    if (long.length > 0 && !there.has(versionKey(version)))
      findings.push(
        asking(
          `schema-rewritten:${versionText(version)}`,
          `${versionText(version)} holds ${listed([...new Set(long)], 3)}, with more digits than most registries keep: see that ${name} does, or accept that they are rounded.`,
        ),
      );
  }
  return findings;
}

function notesOnIds(
  order: readonly SchemaVersion[],
  { maxIdTold }: Snapshot,
  sourceName: string,
  target: TargetView,
): Finding[] {
  const notes: Finding[] = [];
  if (!maxIdTold && order.length > 0)
    notes.push(
      noting(
        'schema-max-id',
        `${sourceName} does not tell its highest id: how far ${target.name} is kept from its ids is counted from the highest that is copied.`,
      ),
    );
  const texts = grouped(order, ({ type, text }) => `${type} ${text}`);
  for (const versions of texts.values()) {
    const ids = [...new Set(versions.map(({ id }) => id))];
    if (ids.length > 1)
      notes.push(
        noting(
          `schema-second-id:${ids.join()}`,
          `Ids ${listed(ids.map(String))} are one schema on ${sourceName}: ${target.name} has to allow a second id for it (allow_duplicate_schema_ids).`,
        ),
      );
  }
  const importing = [...new Set(order.map(({ subject }) => subject))].filter(
    (subject) => under(target.modes, subject) === 'IMPORT',
  );
  if (importing.length > 0)
    notes.push(
      noting(
        'schema-in-import',
        `${listed(importing)} on ${target.name} ${importing.length === 1 ? 'is' : 'are'} in import mode already: the ferry takes ${count(importing.length, 'subject')} out of it when it is done.`,
      ),
    );
  return notes;
}

function levelsToSet(
  { compatibility }: Snapshot,
  { rename }: SubjectMoves,
  order: readonly SchemaVersion[],
  target: TargetView,
): SchemaPlan['levels'] {
  const copied = new Set(order.map(({ subject }) => subject));
  return Object.entries(compatibility)
    .map(([subject, level]) => ({ subject: rename(subject), level }))
    .filter(({ subject, level }) => copied.has(subject) && under(target.compatibility, subject) !== level);
}
