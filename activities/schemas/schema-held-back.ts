import { setTimeout as sleep } from 'node:timers/promises';
import type { TopicPartition } from '../../src/kafka/cluster.js';
import { FerryError } from '../../src/migration/errors.js';
import type { Work } from '../../src/migration/work/work.js';
import type { MirroredIds } from '../../src/mirror/schema-ids.js';
import { compareSchemas } from '../../src/registry/canonical.js';
import type { IdsOfTopic, MetId } from '../../src/registry/record-ids.js';
import type { Registry } from '../../src/registry/registry.js';
import type { Schema } from '../../src/registry/schema.js';
import type { Dependencies } from '../kit/dependencies.js';
import { asking } from '../kit/weights.js';
import { idKeys } from './schema-plan.js';
import { canTranslate, idsOf } from './schema-translation.js';

/** A version that is on the source follows within seconds; this long it is waited for, ms. */
const followedWithinMs = 60_000;
const lookAgainMs = 500;
/** Bytes that carry no id begin in as many ways as there are records: after so many nobody asks any more. */
const mostAskedFor = 100;

/**
 * Records keep their ids, and none is written before the target has the schema that it names: whoever reads there would
 * fail at it, or take it for another schema. Only what the registries say of an id is asked, once for each.
 */
export class HeldBack implements MirroredIds {
  private readonly known = new Set<number>();
  /** By topic and part: what was met there and is no id of the source's. */
  private readonly noIds = new Map<string, Set<number>>();
  /** Parts in which an id was met. */
  private readonly carrying = new Set<string>();

  private constructor(
    private readonly source: Registry,
    private readonly target: Registry,
    accepted: readonly number[],
    private readonly signal: AbortSignal,
  ) {
    for (const id of accepted) this.known.add(id);
  }

  /** `undefined`: there are no registries, or records get other ids. */
  static of(
    { registries }: Pick<Dependencies, 'registries'>,
    work: Pick<Work, 'migration' | 'accepted'>,
    signal: AbortSignal,
  ): HeldBack | undefined {
    const { schemas } = work.migration;
    if (!schemas || !canTranslate(work.migration) || idsOf(work) !== 'keep') return undefined;
    const accepted = (work.accepted ?? []).flatMap((key) => idKeys.idOf(key) ?? []);
    return new HeldBack(
      registries(schemas.source).until(signal),
      registries(schemas.target).until(signal),
      accepted,
      signal,
    );
  }

  of(topic: string): IdsOfTopic {
    return (part, id) => {
      if (id === 0 || this.known.has(id)) return id;
      const place = `${topic}/${part}`;
      const none = this.noIds.get(place);
      if (!none) return undefined;
      return none.has(id) || (none.size >= mostAskedFor && !this.carrying.has(place)) ? id : undefined;
    };
  }

  async learn(met: MetId & TopicPartition): Promise<void> {
    const { topic, part, id } = met;
    const place = `${topic}/${part}`;
    const deadline = Date.now() + followedWithinMs;
    for (;;) {
      const [from, made] = [await this.source.byId(id), await this.target.byId(id)];
      if (!from) {
        // A registry that reads its own log knows no id; it may have come to its end since it was asked.
        const ready = await this.source.ready();
        if (ready === false) {
          if (Date.now() > deadline) throw this.notReady();
          await sleep(lookAgainMs, undefined, { signal: this.signal });
          continue;
        }
        if (ready && (await this.source.byId(id))) continue;
        this.noIds.set(place, (this.noIds.get(place) ?? new Set()).add(id));
        return;
      }
      this.carrying.add(place);
      if (made && same(made, from)) {
        this.known.add(id);
        return;
      }
      if (made || Date.now() > deadline) throw this.notThere(met, made !== undefined);
      await sleep(lookAgainMs, undefined, { signal: this.signal });
    }
  }

  private notReady(): FerryError {
    return new FerryError(
      'Unreachable',
      `Registry "${this.source.name}" is still reading its own log, so what ids stand for is not known: wait until it is ready.`,
    );
  }

  private notThere(
    { topic, partition, offset, part, id }: MetId & TopicPartition,
    isAnother: boolean,
  ): FerryError {
    const sentence = `The ${part} at offset ${offset} of ${topic}/${partition} carries schema id ${id}, which ${isAnother ? 'is another schema' : 'is not'} on ${this.target.name}: ${isAnother ? 'records under it would be read by that' : 'name its subject in the migration file (schemas.subjects), or copy it there'}; or accept that it is copied as it is, then retry.`;
    return new FerryError('Conflict', sentence, { findings: [asking(idKeys.unknown(id), sentence)] });
  }
}

const same = (made: Schema, from: Schema): boolean =>
  compareSchemas({ ...made, references: [] }, { ...from, references: [] }).kind !== 'other';
