import { Context } from '@temporalio/activity';
import type { Refinement } from '../../src/connect/refine.js';
import { TakenOver } from '../../src/kafka/taken-over.js';
import { FerryError } from '../../src/migration/errors.js';
import { targetName, waitMs, type Migration } from '../../src/migration/file.js';
import { standing } from '../../src/migration/findings.js';
import { tooManyShares } from '../../src/migration/share-size.js';
import { partitionsOfShare, sharesOf, type PartitionCounts } from '../../src/migration/shares.js';
import type { Activities } from '../../src/migration/work/activities.js';
import type { MirrorHeartbeat } from '../../src/migration/work/mirror.js';
import type { Heartbeat } from '../../src/migration/work/work.js';
import { mapTopic, prepareMap, readPositions, removeMap } from '../../src/mirror/map-topic.js';
import type { MirroredPartition } from '../../src/mirror/plan.js';
import { runMirror } from '../../src/mirror/mirror.js';
import { partitionKey } from '../../src/kafka/cluster.js';
import { attempting } from '../kit/attempt.js';
import type { MirrorActivities } from '../connect/connect.js';
import type { Dependencies } from '../kit/dependencies.js';
import { watchEngine } from './engine-watching.js';
import { LiveRate } from './live-rate.js';
import { MirrorPace } from './mirror-pace.js';
import { historyOf } from './history.js';
import { partitionsIn, plannedTopics, topicIdsOn } from '../topics/planned-topics.js';
import { stillShape, type Still, type TranslateAnswer } from '../offsets/translation-state.js';
import { Translation } from '../offsets/translation.js';
import { HeldBack } from '../schemas/schema-held-back.js';
import { SchemaTranslation } from '../schemas/schema-translation.js';
import { watch } from '../kit/watch.js';
import { heldBackOn, withHeld } from '../kit/held-back.js';
import { Measuring } from '../kit/measuring.js';
import { count } from '../kit/wording.js';

/** What a mirror is asked, answered by the ferry's own engine. */
export function engineActivities({
  clusters,
  registries,
  rates,
}: Pick<Dependencies, 'clusters' | 'registries' | 'rates'>): MirrorActivities {
  return {
    prepareMirror: (input) =>
      attempting(async (attempt) => {
        const { migration, topicIds, accepted = [] } = input;
        const [source, target] = [clusters(migration.source), clusters(migration.target)];
        const topics = await plannedTopics(
          source,
          migration.topics.map(({ name }) => name),
          { topicIds },
        );
        const partitions = Object.fromEntries(topics.map((topic) => [topic.name, topic.partitions.length]));
        attempt.says(`Looks whether ${target.name} takes and keeps the history.`);
        const findings = [
          ...tooManyShares(migration, partitions, accepted),
          ...(await historyOf({ clusters, registries }, input)),
        ];
        const stands = standing(findings, accepted);
        if (stands.length > 0)
          return {
            partitions,
            findings,
            sentence: `No mirror was made: ${count(stands.length, 'finding')} to be mended or accepted first.`,
          };
        attempt.signal.throwIfAborted();
        const { made } = await prepareMap(target, migration.name);
        const { shares } = sharesOf(migration, partitions);
        return {
          partitions,
          targetIds: await topicIdsOn(target, migration.topics.map(targetName)),
          findings,
          sentence: `The mirror copies ${count(partitionsIn(topics).length, 'partition')} from now on, in ${count(shares, 'share')}; it keeps where each record went in ${mapTopic(migration.name)} on ${target.name}${made ? '' : ', which was there already'}.`,
        };
      }),

    async mirror(input) {
      const { migration, share, shares, partitions, sliceMs } = input;
      const context = Context.current();
      const mirrored = mirroredPartitions(migration, partitions, { share, shares });
      const pace = new MirrorPace(share);
      const measuring = new Measuring(migration.name);
      let heartbeat: Heartbeat | MirrorHeartbeat = {
        says: `share ${share + 1} of ${shares} of the mirror begins`,
        at: new Date().toISOString(),
        carry: null,
      };
      const held = heldBackOn(clusters, migration);
      let failing: string | undefined;
      const says = () => failing ?? withHeld(heartbeat.says, held);
      const beat = () =>
        context.heartbeat({
          ...heartbeat,
          says: says(),
          ...('mirror' in heartbeat && {
            mirror: {
              ...heartbeat.mirror,
              // The numbers may be of before.
              ...(failing && { failing, recordsPerSecond: 0, bytesPerSecond: 0 }),
            },
          }),
        });
      const timer = setInterval(beat, (context.info.heartbeatTimeoutMs ?? 15_000) / 3);
      const rate = new LiveRate(rates, migration.name, input.rate ?? migration.copying.bytesPerSecond);
      const busy = input.busy ?? sharesOf(migration, partitions).busy.length;
      beat();
      const signal = AbortSignal.any([context.cancellationSignal, AbortSignal.timeout(sliceMs)]);
      try {
        const ids =
          (await SchemaTranslation.of({ registries }, input, signal)) ??
          HeldBack.of({ registries }, input, signal);
        await runMirror(
          clusters(migration.source),
          clusters(migration.target),
          { migration: migration.name, share, partitions: mirrored, counts: partitions },
          {
            signal,
            ids,
            accepted: input.accepted,
            patienceMs: waitMs(migration, 'patience'),
            failing: (now) => {
              failing = now;
              if (now !== undefined) measuring.unknown();
              beat();
            },
            progress: (progress) => {
              const paced = pace.heartbeat(progress);
              heartbeat = paced;
              // The numbers may be of before.
              if (failing === undefined) measuring.saw(paced);
              beat();
            },
            throttle: () => (rate.now === undefined ? undefined : Math.ceil(rate.now / busy)),
          },
        );
      } catch (error) {
        // Temporal has started this share elsewhere, or an attempt that it gave up was late: it will know which is to go on.
        if (error instanceof TakenOver) throw new FerryError('Unreachable', error.message);
        throw error;
      } finally {
        clearInterval(timer);
        measuring.unknown();
        rate.end();
      }
      return { state: 'watching', sentence: says(), carry: null };
    },

    watchMirror: (input) => watchEngine({ clusters }, input),

    translateGroups: (input) => {
      const { migration } = input;
      const [source, target] = [clusters(migration.source), clusters(migration.target)];
      const translation = new Translation(input, source, target, async (asked) => {
        if (asked.length === 0) return [];
        const partitions = asked.map(({ topic, partition }) => ({ topic, partition, targetTopic: topic }));
        const positions = await readPositions(target, migration.name, partitions);
        return asked.map((at): Refinement => {
          const map = positions.get(partitionKey(at))?.map;
          const position = map?.translate(at.committed);
          return map === undefined || position === undefined
            ? {
                certainty: 'unknown',
                behind: true,
                reason: `the mirror has copied up to ${map?.sourceNext ?? 'nothing'} yet`,
              }
            : {
                certainty: 'exact',
                target: position,
                reason: 'the mirror wrote down where each record went',
                together: map.together(at.committed, at.names),
              };
        });
      });
      return watch<TranslateAnswer, Still>(
        input,
        stillShape,
        (moment) => translation.probe(moment),
        heldBackOn(clusters, migration),
      );
    },

    stopMirror: async () => ({ sentence: 'The mirror has stopped with its shares.' }),

    removeMirror: ({ migration }) =>
      attempting(async () => {
        const target = clusters(migration.target);
        await removeMap(target, migration.name);
        return { sentence: `The mirror is removed, and its ${mapTopic(migration.name)} on ${target.name}.` };
      }),
  } satisfies Pick<Activities, keyof MirrorActivities>;
}

export function mirroredPartitions(
  migration: Migration,
  partitions: PartitionCounts,
  share: { share: number; shares: number },
): MirroredPartition[] {
  const names = new Map(migration.topics.map((move) => [move.name, targetName(move)]));
  return partitionsOfShare(migration, partitions, share).map(({ topic, partition }) => ({
    ...{ topic, partition },
    targetTopic: names.get(topic) ?? topic,
  }));
}
