import { Context } from '@temporalio/activity';
import { z } from 'zod';
import { waitMs, type Migration } from '../../src/migration/file.js';
import type { Finding } from '../../src/migration/findings.js';
import { onSourceAlone } from '../../src/migration/not-compared.js';
import { sayRecords } from '../../src/migration/ranges.js';
import type { Activities } from '../../src/migration/work/activities.js';
import type { Heartbeat } from '../../src/migration/work/work.js';
import { partitionCounts } from '../../src/migration/offsets.js';
import { Comparison } from '../../src/parity/comparison.js';
import { foreignRecords } from '../../src/parity/foreign-partitions.js';
import { partitionPairs } from '../../src/parity/pairs.js';
import { sayProgress, sayResult } from '../../src/parity/wording.js';
import { sayHeldBack, withHeld } from '../kit/held-back.js';
import type { Dependencies } from '../kit/dependencies.js';
import { asking } from '../kit/weights.js';
import { growthSince } from '../drain/growth.js';
import { copiesOn } from './copies.js';
import { SchemaTranslation } from '../schemas/schema-translation.js';
import { partitionsIn, plannedTopics } from '../topics/planned-topics.js';

/** A third of the heartbeat timeout of watches, and what an attempt that is lost has to compare again at most. */
const beatMs = 5_000;

export function parityActivities({
  clusters,
  registries,
}: Pick<Dependencies, 'clusters' | 'registries'>): Pick<Activities, 'watchParity'> {
  return {
    async watchParity(input) {
      const { migration, ends, mirrored, frozen = false, producersWrite = true, topicIds, sliceMs } = input;
      const context = Context.current();
      const sides = { source: clusters(migration.source), target: clusters(migration.target) };
      const topics = await plannedTopics(
        sides.source,
        migration.topics.map(({ name }) => name),
        { topicIds, partitions: partitionCounts(ends) },
      );
      const grown = () =>
        frozen ? growthSince(sides.source, ends, partitionsIn(topics)) : Promise.resolve(undefined);
      const before = await grown();
      if (before) return before;
      const slice = AbortSignal.timeout(sliceMs);
      const ids = await SchemaTranslation.of({ registries }, input, context.cancellationSignal);
      const patienceMs = waitMs(migration, 'patience');
      const comparison = new Comparison({
        ...sides,
        foreign: producersWrite
          ? []
          : await foreignRecords(migration, sides.target, ends, {
              patienceMs,
              signal: context.cancellationSignal,
            }),
        asCopied: ids?.asCopied,
        pairs: await partitionPairs(migration, sides, { ends, mirrored }),
        carry: carried(context.info.heartbeatDetails) ?? input.carry,
        patienceMs,
        signal: AbortSignal.any([slice, context.cancellationSignal]),
      });
      const beat = () => {
        const says = withHeld(sayProgress(comparison.progress), () => sayHeldBack(sides));
        const { offsets, offsetsPerSecond } = comparison.progress;
        const heartbeat: Heartbeat = {
          ...{ says, at: new Date().toISOString(), carry: comparison.carry },
          progress: { what: 'Comparing', ...offsets, perSecond: offsetsPerSecond },
        };
        context.heartbeat(heartbeat);
        return says;
      };
      const beating = setInterval(beat, beatMs);
      try {
        await comparison.run();
      } catch (error) {
        // A cancellation is told as Temporal tells it.
        if (context.cancellationSignal.aborted) return await context.cancelled;
        if (!slice.aborted) throw error;
        return { state: 'watching', sentence: beat(), carry: comparison.carry };
      } finally {
        clearInterval(beating);
      }
      const meanwhile = await grown();
      if (meanwhile) return meanwhile;
      const { report, summary } = comparison;
      const sentence = sayResult(report, summary);
      const { verdict } = comparison;
      if (verdict === 'differs') return { state: verdict, sentence, report };
      const findings = [
        ...onSourceAlone(migration, report.unverifiable, 'not-compared'),
        ...moreAlone(migration, summary.moreAlone),
      ];
      const copies = await copiesOn(sides.target, comparison.targetStarts, comparison.targetEpochs);
      return { state: verdict, sentence, report, data: summary, findings, copies };
    },
  };
}

/** Beyond what a report lists. */
function moreAlone({ source, target }: Migration, records: number): Finding[] {
  return records === 0
    ? []
    : [
        asking(
          `not-compared:more+${records}`,
          `${sayRecords(records)} in further ranges are on ${source} alone and not on ${target}: see \`ferry verify\`. They go with the topic when it is deleted.`,
        ),
      ];
}

/** A heartbeat of a watch holds the carry beside its sentence. */
function carried(heartbeatDetails: unknown): unknown {
  return z.object({ carry: z.unknown() }).safeParse(heartbeatDetails).data?.carry;
}
