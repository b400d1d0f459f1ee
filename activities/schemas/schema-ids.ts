import {
  partitionKey,
  type Cluster,
  type FetchedBatches,
  type TopicPartition,
  type Watermarks,
} from '../../src/kafka/cluster.js';
import { batchesIn } from '../../src/kafka/records/batch.js';
import { recordsIn } from '../../src/kafka/records/records.js';
import type { Finding } from '../../src/migration/findings.js';
import { compareSchemas } from '../../src/registry/canonical.js';
import { inParallel } from '../../src/parallel/in-parallel.js';
import type { Registry } from '../../src/registry/registry.js';
import { schemaHeaderOf, schemaIdOf, type SchemaHeader } from '../../src/registry/wire-format.js';
import { valueOf } from '../kit/rows.js';
import { idKeys } from './schema-plan.js';
import { sample, type Place } from '../kit/sampling.js';
import type { SchemaTranslation } from './schema-translation.js';
import { asking, blocking, noting } from '../kit/weights.js';
import { count, listed } from '../kit/wording.js';

/** What is read at each place of a partition: a batch or some. */
const bytesPerPlace = 64 * 1024;
const bytesPerFetch = 16 * 1024 * 1024;

/** Ids that sampled keys or values carry, or seem to. */
export interface SampledIds {
  topic: string;
  part: 'key' | 'value';
  /** Each id with the first place where it was seen. */
  ids: ReadonlyMap<number, { partition: number; offset: bigint }>;
  /** Sampled keys or values that are not null. */
  sampled: number;
  /** Of those the ones that begin as the wire format does: a byte 0 and an id above 0. */
  carrying: number;
  /** Headers that tell the schema of this part, by what they say, each with the first place where it was seen. */
  headers: ReadonlyMap<string, SchemaHeader & { partition: number; offset: bigint }>;
}

/**
 * Reads some records at the beginning, in the middle and at the end of each partition, and the ids they carry.
 * Transaction markers and records in formats from before Kafka 0.11 are passed over. `unseen`: places of which nothing came.
 */
export async function sampleIds(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  signal?: AbortSignal,
): Promise<{ samples: SampledIds[]; unseen: Place[] }> {
  const marks = await cluster.watermarks(partitions);
  const samples = new Map<string, Sample>();
  const read = new Map<string, bigint>();
  const unseen: Place[] = [];
  for (const place of [start, middle, end]) {
    const positions = partitions.flatMap((at) => {
      const { logStart, highWatermark } = valueOf(marks, partitionKey(at));
      return highWatermark > logStart
        ? [{ ...at, offset: place({ logStart, highWatermark }), until: highWatermark }]
        : [];
    });
    if (positions.length === 0) break;
    const { fetched, silent } = await sample(
      cluster,
      positions,
      {
        maxBytes: Math.min(bytesPerFetch, bytesPerPlace * positions.length),
        maxBytesPerPartition: bytesPerPlace,
      },
      signal,
    );
    unseen.push(...silent);
    for (const at of positions) {
      const key = partitionKey(at);
      const value = fetched.get(key);
      // Places of a short partition overlap.
      if (value) read.set(key, sampleBatches(value, at, read.get(key) ?? 0n, samples));
    }
  }
  return { samples: [...samples.values()], unseen };
}

type Where = (marks: Pick<Watermarks, 'logStart' | 'highWatermark'>) => bigint;
const start: Where = ({ logStart }) => logStart;
const middle: Where = ({ logStart, highWatermark }) => (logStart + highWatermark) / 2n;
const end: Where = ({ logStart, highWatermark }) =>
  highWatermark - 10n > logStart ? highWatermark - 10n : logStart;

type Sample = SampledIds & {
  ids: Map<number, { partition: number; offset: bigint }>;
  headers: Map<string, SchemaHeader & { partition: number; offset: bigint }>;
};
/** Of what headers say so much is kept. */
const mostHeaders = 100;

/** @returns where the next place goes on at the earliest. */
function sampleBatches(
  { batches, place }: FetchedBatches,
  { topic, partition }: TopicPartition,
  from: bigint,
  samples: Map<string, Sample>,
): bigint {
  let next = from;
  for (const batch of batchesIn(batches, place)) {
    if (batch.kind === 'legacy' || batch.control) continue;
    for (const { key, value, headers, offset } of recordsIn(batch)) {
      if (offset < next) continue;
      next = offset + 1n;
      const told = headers.flatMap((header) => schemaHeaderOf(header) ?? []);
      for (const [part, bytes] of [['key', key] as const, ['value', value] as const]) {
        if (bytes === null) continue;
        const name = `${topic}/${part}`;
        const sample = samples.get(name) ?? {
          ...{ topic, part, ids: new Map(), headers: new Map(), sampled: 0, carrying: 0 },
        };
        samples.set(name, sample);
        sample.sampled++;
        for (const header of told) {
          const says = JSON.stringify([header.name, header.names]);
          if (header.part === part && !sample.headers.has(says) && sample.headers.size < mostHeaders)
            sample.headers.set(says, { ...header, partition, offset });
        }
        const id = schemaIdOf(bytes);
        if (id === undefined || id === 0) continue;
        sample.carrying++;
        if (!sample.ids.has(id)) sample.ids.set(id, { partition, offset });
      }
    }
  }
  return next;
}

/** Of a topic with places that could not be looked at nobody knows whether its records carry ids of schemas. */
export function idsNotSeen(unseen: readonly Place[], cluster: string): Finding[] {
  const first = new Map<string, Place>();
  for (const place of unseen) if (!first.has(place.topic)) first.set(place.topic, place);
  return [...first.values()].map((place) =>
    asking(
      `records-not-sampled:${place.topic}`,
      `${cluster} gave nothing of ${partitionKey(place)} from offset ${place.offset} on although it goes on to ${place.until}, so whether its records carry ids of schemas that nobody copies is not known: see its leader's log, or the remote storage of a tiered topic, and retry, or accept that.`,
    ),
  );
}

/**
 * Whether every id that is in the records is on the target registry, with the source's schema. An id that the source
 * registry does not know is none: bytes may begin with a 0 by accident.
 */
export async function checkIdsInRecords(
  samples: readonly SampledIds[],
  source: Registry,
  target: Registry,
): Promise<Finding[]> {
  const places = new Map<number, string>();
  for (const { topic, part, ids, headers } of samples)
    for (const [id, { partition, offset }] of [...ids, ...idsOf(headers)])
      if (!places.has(id)) places.set(id, `the ${part} at offset ${offset} of ${topic}/${partition}`);
  // Bytes that begin with 0 by accident give as many ids as there are records.
  const asked = [...places].slice(0, mostIdsAsked);
  const found = await inParallel(asked, async ([id, place]): Promise<Finding[]> => {
    const from = await source.byId(id);
    if (!from) return [];
    const to = await target.byId(id);
    if (to && compareSchemas({ ...to, references: [] }, { ...from, references: [] }).kind !== 'other')
      return [];
    return [
      blocking(
        `schema-id-not-copied:${id}`,
        `${place} carries schema id ${id}, which ${to ? `is another schema on ${target.name}` : `is not on ${target.name}`}: name its subject in the migration file (schemas.subjects), then try again.`,
      ),
    ];
  });
  const findings = found.flat();
  if (asked.length < places.size)
    findings.push(
      noting(
        'schema-ids-sampled',
        `Sampled records seem to carry ${places.size} schema ids; ${asked.length} of them were looked for.`,
      ),
    );
  return findings;
}

const idsOf = (headers: SampledIds['headers']) =>
  [...headers.values()].flatMap(({ names, ...at }) =>
    names && 'id' in names && names.id > 0 ? [[names.id, at] as const] : [],
  );

/**
 * Ids in sampled records of schemas that nobody copies, before anything is copied: of keys, for example, that have no
 * subject called after the topic.
 *
 * @param copied ids of the versions that are
 */
export async function idsNotCopied(
  samples: readonly SampledIds[],
  source: Registry,
  copied: ReadonlySet<number>,
): Promise<Finding[]> {
  const places = new Map<number, string>();
  for (const { topic, part, ids, headers } of samples)
    for (const [id, { partition, offset }] of [...ids, ...idsOf(headers)])
      if (!copied.has(id) && !places.has(id))
        places.set(id, `the ${part} at offset ${offset} of ${topic}/${partition}`);
  const found = await inParallel([...places].slice(0, mostIdsAsked), async ([id, place]) => {
    if (!(await source.byId(id))) return [];
    const subjects = await source.subjectsOf(id);
    return [
      blocking(
        `schema-id-not-copied:${id}`,
        `${place} carries schema id ${id}${subjects.length > 0 ? ` of ${listed(subjects, 3)}` : ''}, which is not copied: name its subject in the migration file (schemas.subjects), then try again.`,
      ),
    ];
  });
  return found.flat();
}

/**
 * Topics whose records name their schemas in headers, which are copied as they are. An id there is that of the source also
 * where others are written into keys and values; a GUID helps readers of a registry that finds schemas by it.
 *
 * @param target asked for GUIDs once the schemas are there; `undefined`: they are not yet
 */
export async function idsInHeaders(
  samples: readonly SampledIds[],
  translated: boolean,
  target: Registry | undefined,
): Promise<Finding[]> {
  const found = await inParallel(samples, async ({ topic, part, headers }): Promise<Finding[]> => {
    const told = [...headers.values()];
    const [first] = told;
    if (!first) return [];
    const names = listed([...new Set(told.map(({ name }) => name))]);
    const key = `schema-ids-in-headers:${topic}`;
    const carry = `The ${part}s of ${topic} name their schemas in headers (${names}), which are copied as they are`;
    const guids = told.flatMap(({ names: by }) => (by && 'guid' in by ? [by.guid] : []));
    const missing = target
      ? (await inParallel(guids, async (guid) => ((await target.byGuid(guid)) ? [] : [guid]))).flat()
      : [];
    if (missing.length > 0)
      return [
        asking(
          key,
          `${carry}, and ${target?.name ?? ''} finds no schema by the GUID ${missing[0] ?? ''}${missing.length > 1 ? ` and ${missing.length - 1} others` : ''}: use a registry that knows GUIDs, or accept it if readers there need none.`,
        ),
      ];
    return told.some(({ names: by }) => by === undefined || (translated && 'id' in by))
      ? [
          asking(
            key,
            `${carry} and stand for schemas of the source: see that readers on the target find them, or accept it.`,
          ),
        ]
      : [noting(key, `${carry}.`)];
  });
  // Keys and values of a topic may both: a finding is about the topic, and the one that asks says more.
  const byKey = new Map<string, Finding>();
  for (const finding of found.flat())
    if (byKey.get(finding.key)?.weight !== 'asks') byKey.set(finding.key, finding);
  return [...byKey.values()];
}

/**
 * Whether it is known of every id in the records what it is on the target. A part that carries ids, and has no subject by
 * which that could be told, would be copied as it is.
 */
export async function checkTranslated(
  samples: readonly SampledIds[],
  translation: Pick<SchemaTranslation, 'of' | 'carries'>,
  source: Registry,
): Promise<Finding[]> {
  const found = await inParallel(samples, async (sample): Promise<Finding[]> => {
    const { topic, part, ids } = sample;
    if (!translation.carries(topic, part))
      return carriedUnseen(sample, await knownTo(source, sample), source);
    const strays = [...ids].filter(([id]) => translation.of(topic)(part, id) === undefined);
    return inParallel(strays.slice(0, mostStrays), async ([id, { partition, offset }]) => {
      const carries = `the ${part} at offset ${offset} of ${topic}/${partition} carries schema id ${id}`;
      return (await source.byId(id))
        ? blocking(
            `schema-id-not-copied:${id}`,
            `${carries}, whose subject is not copied: name it in the migration file (schemas.subjects), then try again.`,
          )
        : asking(
            idKeys.unknown(id),
            `${carries}, which ${source.name} does not know: accept that it is copied as it is, or move the topic in a migration of its own.`,
          );
    });
  });
  return found.flat();
}

function carriedUnseen(
  { topic, part, carrying, sampled }: SampledIds,
  known: number[],
  { name }: Registry,
): Finding[] {
  return known.length > 0 && carrying * 10 >= sampled * plausibleTenths
    ? [
        asking(
          `schemas-in-topic:${topic}`,
          `The ${part}s of ${topic} seem to carry ids of schemas (${listed(known.map(String), 4)}) that ${name} has given, and no subject is called ${topic}-${part}: ${part === 'value' ? 'name their subjects in the migration file (schemas.subjects)' : 'use a registry that keeps ids'}, or accept that they are copied as they are.`,
        ),
      ]
    : [];
}

const mostStrays = 10;
const mostIdsAsked = 1_000;

/** So many of a topic's keys or values, in tenths, have to look like the wire format when no registry can be asked. */
const plausibleTenths = 9;
const mostPlausibleIds = 100;
const highestPlausibleId = 10_000_000;

/**
 * Topics whose records carry ids of schemas: a copy of them under other ids, or without their schemas, cannot be read.
 *
 * With the source's registry it is a fact: an id that was sampled is in it, which blocks. Without, it is taken for one,
 * and asks, when nine tenths of the sampled keys or values begin with a byte 0 and an id from 1 to 10,000,000, and the
 * ids are 100 different ones at most. A number of 8 bytes has a 0 where the id would be, unless it is above 2^32.
 *
 * @param instead what to do, at the end of the sentence: `use advancedMirroring`.
 */
export async function refuseRegistryIds(
  samples: readonly SampledIds[],
  source: Registry | undefined,
  instead: string,
): Promise<Finding[]> {
  const found = await inParallel(samples, async (sample): Promise<Finding[]> => {
    const { topic, part, headers } = sample;
    const ids = source ? await knownTo(source, sample) : plausible(sample);
    if (ids.length === 0 && headers.size > 0)
      return [
        asking(
          `schemas-in-topic:${topic}`,
          `The ${part}s of ${topic} name their schemas in headers (${listed([...new Set([...headers.values()].map(({ name }) => name))])}): ${instead}, or accept that they are copied as they are.`,
        ),
      ];
    if (ids.length === 0) return [];
    const carries = `carry ids of schemas (${listed(ids.map(String), 4)})`;
    return [
      source
        ? blocking(
            `schemas-in-topic:${topic}`,
            `The ${part}s of ${topic} ${carries} that ${source.name} has given: ${instead}.`,
          )
        : asking(
            `schemas-in-topic:${topic}`,
            `The ${part}s of ${topic} seem to ${carries}, in ${sample.carrying} of ${count(sample.sampled, 'sampled record')}: ${instead}, or accept that they are copied as they are.`,
          ),
    ];
  });
  return found.flat();
}

async function knownTo(registry: Registry, { ids }: SampledIds): Promise<number[]> {
  const asked = [...ids.keys()].slice(0, mostPlausibleIds);
  const there = await inParallel(asked, async (id) => ((await registry.byId(id)) ? id : undefined));
  return there.filter((id) => id !== undefined);
}

function plausible({ ids, sampled, carrying }: SampledIds): number[] {
  const all = [...ids.keys()];
  return carrying * 10 >= sampled * plausibleTenths &&
    all.length <= mostPlausibleIds &&
    all.every((id) => id <= highestPlausibleId)
    ? all
    : [];
}
