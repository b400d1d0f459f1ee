import { z } from 'zod';
import type { Cluster } from '../../src/kafka/cluster.js';
import { standing } from '../../src/migration/findings.js';
import { isMirrored } from '../../src/migration/strategies.js';
import type { Activities } from '../../src/migration/work/activities.js';
import type { Dependencies } from '../kit/dependencies.js';
import { partitionsIn } from '../topics/planned-topics.js';
import { rowAt } from '../kit/rows.js';
import { watch, type Moment, type Seen } from '../kit/watch.js';
import { lateRecords, staysBehind, type LateRecords } from './late-records.js';
import { under } from '../../src/migration/by-name.js';

type Input = Parameters<Activities['watchSoak']>[0];
type Answer = Exclude<Awaited<ReturnType<Activities['watchSoak']>>, { state: 'watching' | 'contradicted' }>;

const nothing = z.object({});
type Nothing = z.infer<typeof nothing>;

export function soakActivities({ clusters }: Pick<Dependencies, 'clusters'>): Pick<Activities, 'watchSoak'> {
  return {
    watchSoak: (input) => {
      const source = clusters(input.migration.source);
      return watch<Answer, Nothing>(input, nothing, (moment) => probeSoak(source, input, moment));
    },
  };
}

/** A topic that is gone, or is another one by now, is for the check before the deletion to tell. */
async function probeSoak(
  source: Cluster,
  { migration, topicIds, ends, accepted = [] }: Input,
  _moment: Moment<Nothing>,
): Promise<Seen<Answer, Nothing>> {
  const names = migration.topics.map(({ name }) => name);
  const rows = await source.topics(names);
  const topics = names.flatMap((name) => {
    const row = rowAt(rows, name);
    if (row.error?.type === 'NotFound') return [];
    if (row.error) throw row.error;
    const planned = under(topicIds, name);
    return planned == null || row.value.topicId === planned ? [row.value] : [];
  });
  const partitions = partitionsIn(topics);
  const marks = await source.watermarks(partitions);
  const late: LateRecords[] = [];
  for (const topic of topics) {
    const records = await lateRecords(source, ends, partitionsIn([topic]), marks);
    if (records) late.push(records);
  }
  if (late[0] && !isMirrored(migration.strategy))
    return { answer: { state: 'grew', sentence: late[0].sentence } };
  const findings = standing(
    late.map((records) => staysBehind(records, migration)),
    accepted,
  );
  if (findings.length > 0) return { answer: { state: 'asks', findings } };
  return { says: `nothing has come to ${source.name} since its end was frozen`, carry: {} };
}
