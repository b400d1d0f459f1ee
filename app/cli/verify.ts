import type { Command } from 'commander';
import { sayHeldBack, withHeld, type Held } from '../../activities/kit/held-back.js';
import { SchemaTranslation } from '../../activities/schemas/schema-translation.js';
import { openClusters } from '../connections/clusters.js';
import { partitionKey, type Cluster } from '../../src/kafka/cluster.js';
import { FerryError } from '../../src/migration/errors.js';
import { targetName, waitMs, type Migration } from '../../src/migration/file.js';
import { oneLine } from '../../src/migration/foreign-text.js';
import { factsQuery } from '../../src/migration/messages.js';
import {
  offsetTable,
  type OffsetTable,
  type Side,
  type SourceOffsets,
  type TargetOffsets,
} from '../../src/migration/offsets.js';
import type { Facts } from '../../src/migration/state.js';
import type { Status } from '../../src/migration/status.js';
import { isMirrored } from '../../src/migration/strategies.js';
import type { ComparisonOptions } from '../../src/parity/options.js';
import { Comparison } from '../../src/parity/comparison.js';
import { foreignRecords } from '../../src/parity/foreign-partitions.js';
import { partitionPairs } from '../../src/parity/pairs.js';
import { sayProgress, sayResult } from '../../src/parity/wording.js';
import { openRegistries } from '../connections/registries.js';
import { badInput, exitCodes, type ExitCode } from './failure.js';
import { look } from './following.js';
import { readMigration } from './migration-file.js';
import { withTemporal } from './temporal.js';
import { addVerb, configured, run, type CommonOptions, type Surroundings } from './verb.js';

interface VerifyOptions extends CommonOptions {
  file?: string;
  soFar?: boolean;
}

/** What is compared, and up to where. */
interface Scope extends Pick<ComparisonOptions, 'sourceGoesOn' | 'targetGoesOn'> {
  migration: Migration;
  /** To the target, beside the mirror or after it. */
  producersWrite?: boolean;
  /** Keys of findings that a person has accepted. */
  accepted?: readonly string[];
  /** By source topic and by target topic; what is not known yet is read now. */
  ends?: SourceOffsets | undefined;
  mirrored?: TargetOffsets | undefined;
}

const tellEveryMs = 1_000;
const tellPlainlyEveryMs = 10_000;

export function addVerify(program: Command, surroundings: Surroundings): void {
  addVerb(
    program,
    'verify',
    'Compare both clusters record by record, as they are now: what the source holds against what the target does.',
    'ferry verify orders\nferry verify --file orders.yaml',
    '0 equal, 1 differs or failed, 2 bad input, 4 not proved',
  )
    .argument('[name]', 'the name of the migration')
    .option('--file <file>', 'a migration file, instead of a migration that runs')
    .option('--so-far', 'the copy is under way: what it has not come to yet is neither missing nor unproved')
    .action((name: string | undefined, options: VerifyOptions) =>
      run(surroundings, options, () => verify(surroundings, options, name)),
    );
}

/** Exit code 0 when all that both clusters hold is equal, 1 when something differs, 4 when some of it could not be compared. */
async function verify(
  surroundings: Surroundings,
  options: VerifyOptions,
  name: string | undefined,
): Promise<ExitCode> {
  if ((name === undefined) === (options.file === undefined))
    throw badInput('Name a migration, or a migration file with --file.');
  const config = configured(surroundings, options);
  const scope =
    name === undefined
      ? { migration: readMigration(options.file!, config).migration, sourceGoesOn: options.soFar ?? false }
      : await withTemporal(config.temporal, async (temporal) => {
          const { status, taskQueue } = await look(temporal, name);
          const { migration, facts } = await temporal.answered(taskQueue, () =>
            temporal.migration(name).query<{ migration: Migration; facts: Facts }>(factsQuery),
          );
          const scope = scopeOf(status, migration, facts);
          return { ...scope, sourceGoesOn: scope.sourceGoesOn ?? options.soFar ?? false };
        });
  insistOnHistory(scope.migration);
  const clusters = openClusters(config.clusters, {
    says: (sentence) => surroundings.terminal.complain(sentence),
  });
  const registries = openRegistries(config.registries);
  const stop = new AbortController();
  const interrupted = () => stop.abort(new FerryError('Refused', 'It was interrupted: nothing is proved.'));
  process.once('SIGINT', interrupted);
  try {
    const { migration } = scope;
    const sides = { source: clusters.get(migration.source), target: clusters.get(migration.target) };
    const patienceMs = waitMs(migration, 'patience');
    const { signal } = stop;
    const ends = await frozen(scope, sides);
    const ids = await SchemaTranslation.of({ registries: registries.get }, scope, stop.signal);
    const comparison = new Comparison({
      ...sides,
      asCopied: ids?.asCopied,
      pairs: await partitionPairs(migration, sides, ends),
      foreign: scope.producersWrite
        ? []
        : await foreignRecords(migration, sides.target, ends.ends, { patienceMs, signal }),
      pendingIsEqual: options.soFar ?? false,
      sourceGoesOn: scope.sourceGoesOn ?? false,
      targetGoesOn: scope.targetGoesOn ?? false,
      patienceMs,
      signal,
    });
    await following(surroundings, options, comparison, () => sayHeldBack(sides));
    return show(surroundings, options, migration, comparison);
  } finally {
    process.off('SIGINT', interrupted);
    registries.close();
    await clusters.close();
  }
}

/**
 * The source is compared up to where it is now, also where its end was frozen: what came later is missing on the target.
 * Until the mirror has caught up it may have more than the target. Once producers write to the target that may have more,
 * unless it is known where the copy ended; where they did not wait for the mirror, both are compared up to what is known.
 */
export function scopeOf(
  { steps, accepted: findings }: Status,
  migration: Migration,
  { ends, mirrored, ahead }: Facts,
): Scope {
  const closed = (id: string) => steps.some((step) => step.id === id && step.status === 'done');
  const accepted = findings.map(({ key }) => key);
  if (!closed('catchUp')) return { migration, accepted, sourceGoesOn: true };
  const producersWrite =
    ahead !== undefined || steps.some(({ id, status }) => id === 'producerSwitched' && status !== 'pending');
  return producersWrite
    ? {
        ...{ migration, accepted, producersWrite, mirrored },
        ...(ahead && { ends }),
        targetGoesOn: mirrored === undefined,
      }
    : { migration, accepted };
}

function insistOnHistory({ name, strategy }: Migration): void {
  if (!isMirrored(strategy))
    throw badInput(
      `${name} moves by ${strategy}, which takes no history along: there is nothing to compare. Only simpleMirroring and advancedMirroring do.`,
    );
}

/** Where each side ends. The target first: what it holds then, the source held before. */
async function frozen(
  { migration, ends, mirrored }: Scope,
  { source, target }: { source: Cluster; target: Cluster },
): Promise<{ ends: SourceOffsets; mirrored: TargetOffsets }> {
  const ofTarget = mirrored ?? (await endsOf(target, migration.topics.map(targetName)));
  const ofSource =
    ends ??
    (await endsOf(
      source,
      migration.topics.map(({ name }) => name),
    ));
  return { ends: ofSource, mirrored: ofTarget };
}

/** The last stable offsets: up to them nothing changes any more. */
async function endsOf<S extends Side>(cluster: Cluster, topics: readonly string[]): Promise<OffsetTable<S>> {
  const facts = await cluster.topics(topics);
  const partitions = topics.flatMap((topic) => {
    const row = facts.get(topic);
    if (row?.error) throw row.error;
    return (row?.value?.partitions ?? []).map(({ partition }) => ({ topic, partition }));
  });
  const marks = await cluster.watermarks(partitions);
  return offsetTable(
    partitions.map((at) => {
      const row = marks.get(partitionKey(at));
      if (row?.error) throw row.error;
      return { ...at, offset: row?.value?.lastStable ?? 0n };
    }),
  );
}

/** Runs it, and says on the way how far it is. */
async function following(
  { terminal }: Surroundings,
  { json }: CommonOptions,
  comparison: Comparison,
  held: Held,
): Promise<void> {
  const redraws = terminal.redraws && !json;
  const tell = () => {
    const line = withHeld(sayProgress(comparison.progress), held);
    if (redraws) terminal.redraw(line);
    else terminal.complain(line);
  };
  const telling = setInterval(tell, redraws ? tellEveryMs : tellPlainlyEveryMs);
  try {
    await comparison.run();
  } finally {
    clearInterval(telling);
  }
}

function show(
  { terminal }: Surroundings,
  { json }: CommonOptions,
  { name }: Migration,
  comparison: Comparison,
): ExitCode {
  const { report, summary, results, verdict } = comparison;
  if (json)
    terminal.print(
      JSON.stringify({
        migration: name,
        state: verdict,
        ...report,
        pending: String(summary.pending),
        partitions: results
          .map(({ topic, partition, records, bytes, hash, pending }) => ({
            topic,
            partition,
            records: String(records),
            bytes: String(bytes),
            hash: hash ?? null,
            ...(pending && { pending }),
          }))
          .sort((a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition)),
      }),
    );
  else
    terminal.print(
      [
        sayResult(report, summary),
        ...report.differences.map(
          ({ topic, partition, source, target, what }) =>
            `  ${topic}/${partition} source ${source ?? '-'} target ${target ?? '-'}: ${what}`,
        ),
        ...report.unverifiable.map(
          ({ topic, partition, from, to, why }) =>
            `  not verified: ${topic}/${partition} from ${from} to ${to}: ${why}`,
        ),
      ]
        .map(oneLine)
        .join('\n'),
    );
  return { equal: exitCodes.done, differs: exitCodes.failed, 'not-proved': exitCodes.notProved }[verdict];
}
