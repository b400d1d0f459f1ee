import { partitionKey, type Cluster } from '../../src/kafka/cluster.js';
import { targetName } from '../../src/migration/file.js';
import type { Finding } from '../../src/migration/findings.js';
import { offsetAt, onlyTopics, partitionsOf } from '../../src/migration/offsets.js';
import type { AloneRange, Doubled } from '../../src/migration/work/drain.js';
import type { Proved } from '../../src/migration/work/retire.js';
import type { Work } from '../../src/migration/work/work.js';
import { aloneRanges, sayPass, stableEnds, twinSearch } from '../drain/twins.js';
import { valueOf } from '../kit/rows.js';
import { replacedOn, type Copying } from '../mirror/copies.js';

const sayEveryMs = 5_000;

/**
 * What the source holds without a twin by now. Twins were looked for when the end was frozen; only of topics of which the
 * target has lost records since, at the beginning of a log or at its end, they are looked for again.
 *
 * @param there topics that are still on the source
 */
export async function aloneByNow(
  sides: { source: Cluster; target: Cluster },
  { migration, marks = {} }: Work & Proved,
  doubled: Doubled,
  there: ReadonlySet<string>,
  { says, signal }: Partial<Copying>,
): Promise<{ replaced: Finding[]; alone: AloneRange[] }> {
  const { twins, next, to, alone } = doubled;
  const topics = migration.topics.filter(({ name }) => there.has(name));
  if (!twins) return { replaced: [], alone };
  const replaced = await replacedOn(sides, topics, twins);
  if (replaced.length > 0) return { replaced, alone };
  const known = partitionsOf(twins.logStarts).filter(({ topic }) =>
    topics.some((one) => targetName(one) === topic),
  );
  const marksNow = await sides.target.watermarks(known);
  const lossy = new Set(
    known.flatMap((at) => {
      const { logStart, highWatermark } = valueOf(marksNow, partitionKey(at));
      const end = offsetAt(next.target, at.topic, at.partition) ?? 0n;
      return logStart > at.offset || highWatermark < end ? [at.topic] : [];
    }),
  );
  const again = topics.filter((topic) => lossy.has(targetName(topic)));
  if (again.length === 0) return { replaced, alone };
  const names = new Set(again.map(({ name }) => name));
  const onTarget = again.map(targetName);
  const search = twinSearch(
    sides,
    { ...migration, topics: again },
    {
      from: onlyTopics(marks, names),
      to: onlyTopics(to, names),
      targetFrom: twins.from,
      targetTo: await stableEnds<'target'>(sides.target, onTarget),
      ...(signal && { signal }),
    },
  );
  const telling = setInterval(
    () => says?.(`${sides.target.name} has lost records of ${onTarget.join(', ')}: ${sayPass(search)}.`),
    sayEveryMs,
  );
  try {
    const found = aloneRanges(await search.run());
    return {
      replaced,
      alone: [
        ...alone.filter(({ topic }) => !names.has(topic)),
        ...found.map((range): AloneRange => ({ ...range, since: 'lost' })),
      ],
    };
  } finally {
    clearInterval(telling);
  }
}
