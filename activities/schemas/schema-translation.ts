import { setTimeout as sleep } from 'node:timers/promises';
import type { TopicPartition } from '../../src/kafka/cluster.js';
import type { RecordBatch } from '../../src/kafka/records/batch.js';
import { FerryError } from '../../src/migration/errors.js';
import { mirrorKind, type Migration } from '../../src/migration/file.js';
import { isMirrored } from '../../src/migration/strategies.js';
import type { Work } from '../../src/migration/work/work.js';
import type { MirroredIds } from '../../src/mirror/schema-ids.js';
import { translateIds, type IdsOfTopic, type MetId, type RecordPart } from '../../src/registry/record-ids.js';
import { versionKey, type SchemaVersion } from '../../src/registry/schema.js';
import type { Dependencies } from '../kit/dependencies.js';
import { asking } from '../kit/weights.js';
import { compareRegistries, type Before } from './schema-copy.js';
import { idKeys, type Ids } from './schema-plan.js';
import { subjectMoves } from './schema-subjects.js';

/** Whether whoever copies the records of a migration can put other ids into them: MirrorMaker cannot. */
export const canTranslate = (migration: Migration): boolean =>
  isMirrored(migration.strategy) && mirrorKind(migration) === 'engine';

/**
 * What becomes of the ids in records. Where none are copied, ids are the producers' own affair. Else they are kept, unless
 * the file says otherwise or a person has accepted that the target does not keep them.
 */
export function idsOf({ migration, accepted = [] }: Pick<Work, 'migration' | 'accepted'>): Ids {
  if (!isMirrored(migration.strategy)) return 'any';
  const translates = migration.schemas?.ids === 'translate' || accepted.includes(idKeys.notKept);
  return translates && canTranslate(migration) ? 'translate' : 'keep';
}

/** A version that is on the source follows within seconds; this long it is waited for, ms. */
const followedWithinMs = 60_000;
const lookAgainMs = 1_000;
/** Bytes that carry no id begin in as many ways as there are records: after so many nobody asks any more. */
const mostAskedFor = 100;

/**
 * The ids of a migration's schemas on both registries, by comparing what the registries hold: nothing of it is kept
 * anywhere, since the copy can be read from them at any time.
 */
export class SchemaTranslation implements MirroredIds {
  private ids: ReadonlyMap<number, number> = new Map();
  private source: ReadonlySet<number> = new Set();
  private subjects: ReadonlySet<string> = new Set();
  private before: Before = {};
  private reading: Promise<void> | undefined;
  /** By topic and part that has no subject: what was met there and is no id. */
  private readonly noIds = new Map<string, Set<number>>();

  private constructor(
    private readonly dependencies: Pick<Dependencies, 'registries'>,
    private readonly migration: Migration & { schemas: NonNullable<Migration['schemas']> },
    private readonly accepted: ReadonlySet<number>,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * Reads both registries. `undefined`: records keep their ids.
   * @throws what the registries' calls throw
   */
  static async of(
    dependencies: Pick<Dependencies, 'registries'>,
    work: Pick<Work, 'migration' | 'accepted'>,
    signal: AbortSignal,
  ): Promise<SchemaTranslation | undefined> {
    const { schemas } = work.migration;
    if (!schemas || idsOf(work) !== 'translate') return undefined;
    const accepted = (work.accepted ?? []).flatMap((key) => idKeys.idOf(key) ?? []);
    const migration = { ...work.migration, schemas };
    const translation = new SchemaTranslation(dependencies, migration, new Set(accepted), signal);
    await translation.refresh();
    return translation;
  }

  /** What the mirror has made of a topic's batches; ids that are not known stayed. */
  readonly asCopied =
    (topic: string) =>
    (batch: RecordBatch): RecordBatch =>
      translateIds(batch, this.of(topic), () => undefined);

  of(topic: string): IdsOfTopic {
    return (part, id) => {
      if (this.carries(topic, part)) return this.ids.get(id) ?? (this.accepted.has(id) ? id : undefined);
      return this.isNone(topic, part, id) ? id : undefined;
    };
  }

  /**
   * Whether that part of the topic's records carries ids: a subject is called after it. Where the file names subjects, any
   * of them may be that of the values.
   */
  carries(topic: string, part: RecordPart): boolean {
    return (
      this.subjects.has(`${topic}-${part}`) ||
      (part === 'value' && this.migration.schemas.subjects !== undefined)
    );
  }

  async learn(met: MetId & TopicPartition): Promise<void> {
    const { topic, part, id } = met;
    const deadline = Date.now() + followedWithinMs;
    for (;;) {
      await this.refresh();
      if (!this.carries(topic, part)) return this.remember(topic, part, id);
      if (this.of(topic)(part, id) !== undefined) return;
      if (!this.source.has(id) || Date.now() > deadline) throw unknownId(met, this.migration.schemas);
      await sleep(lookAgainMs, undefined, { signal: this.signal });
    }
  }

  /** No id is 0, and 8-byte numbers are full of it. */
  private isNone(topic: string, part: RecordPart, id: number): boolean {
    const none = this.noIds.get(`${topic}/${part}`);
    return id === 0 || (none !== undefined && (none.has(id) || none.size >= mostAskedFor));
  }

  private remember(topic: string, part: RecordPart, id: number): void {
    const key = `${topic}/${part}`;
    const none = this.noIds.get(key) ?? new Set();
    this.noIds.set(key, none.add(id));
  }

  /** What is asked while the registries are read may be newer than the answer: it is read once more, for all together. */
  private async refresh(): Promise<void> {
    const under = this.reading;
    if (under) {
      await under.catch(() => undefined);
      if (this.reading) return this.reading;
    }
    this.reading = this.read().finally(() => (this.reading = undefined));
    return this.reading;
  }

  private async read(): Promise<void> {
    const { registries } = this.dependencies;
    const { schemas } = this.migration;
    const { from, view, plan } = await compareRegistries(
      {
        source: registries(schemas.source).until(this.signal),
        target: registries(schemas.target).until(this.signal),
        moves: subjectMoves(this.migration),
        ids: 'translate',
      },
      this.before,
    );
    this.before = { source: byKey(from.versions), target: byKey(view.versions) };
    this.source = new Set(from.versions.map(({ id }) => id));
    this.subjects = new Set(from.versions.map(({ subject }) => subject));
    this.ids = plan.ids;
  }
}

const byKey = (versions: readonly SchemaVersion[]) =>
  new Map(versions.map((version) => [versionKey(version), version]));

function unknownId(
  { topic, partition, offset, part, id }: MetId & TopicPartition,
  { source, target }: NonNullable<Migration['schemas']>,
): FerryError {
  const sentence = `The ${part} at offset ${offset} of ${topic}/${partition} carries schema id ${id}, and no schema of that id was copied from ${source} to ${target}: register it there under a subject of the migration, or accept that it is copied as it is, then retry.`;
  return new FerryError('Conflict', sentence, { findings: [asking(idKeys.unknown(id), sentence)] });
}
