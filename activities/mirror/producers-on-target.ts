import { z } from 'zod';
import type { Cluster } from '../../src/kafka/cluster.js';
import { formatDuration } from '../../src/migration/duration.js';
import { targetName, waitMs } from '../../src/migration/file.js';
import { standing } from '../../src/migration/findings.js';
import type { Activities } from '../../src/migration/work/activities.js';
import type { Dependencies } from '../kit/dependencies.js';
import { records } from '../drain/drain-findings.js';
import { lateRecords, staysBehind, type LateRecords } from '../drain/late-records.js';
import { readEnds } from '../offsets/offset-reading.js';
import { partitionsIn, plannedCopies, plannedTopics } from '../topics/planned-topics.js';
import { Streak } from '../kit/streak.js';
import { mirroredOffsets, recordsBeyond } from '../offsets/target-writes.js';
import { valueOf } from '../kit/rows.js';
import { watch, type Moment, type Seen } from '../kit/watch.js';
import { heldBackOn } from '../kit/held-back.js';
import { listed } from '../kit/wording.js';

type Input = Parameters<Activities['watchProducers']>[0];
type Answer = Exclude<Awaited<ReturnType<Activities['watchProducers']>>, { state: 'watching' }>;

const nothing = z.object({});
type Nothing = z.infer<typeof nothing>;

export function producersOnTargetActivities({
  clusters,
}: Pick<Dependencies, 'clusters'>): Pick<Activities, 'watchProducers'> {
  return {
    async watchProducers(input) {
      const { source, target } = input.migration;
      const producers = new ProducersOnTarget(clusters(source), clusters(target), input);
      return watch<Answer, Nothing>(
        input,
        nothing,
        (moment) => producers.probe(moment),
        heldBackOn(clusters, input.migration),
      );
    },
  };
}

class ProducersOnTarget {
  private readonly streak: Streak;

  constructor(
    private readonly source: Cluster,
    private readonly target: Cluster,
    private readonly input: Input,
  ) {
    this.streak = new Streak(input.migration.waits.agreeing);
  }

  async probe({ watchedMs, outOfPatience }: Moment<Nothing>): Promise<Seen<Answer, Nothing>> {
    const { migration, accepted = [] } = this.input;
    const [late, written] = await Promise.all([this.late(), this.written()]);
    if (late[0] && this.input.frozen) {
      if (written.length === 0)
        return {
          answer: {
            state: 'grew',
            sentence: `Producers were to write to ${this.target.name} only. ${late[0].sentence}`,
          },
        };
      const findings = standing(
        late.map((records) => staysBehind(records, migration)),
        accepted,
      );
      if (findings.length > 0) return { answer: { state: 'asks', findings } };
    }
    const names = migration.topics.map(targetName);
    const silent = names.filter((name) => !written.includes(name));
    const forAll = watchedMs < waitMs(migration, 'quiet');
    const enough = forAll ? silent.length === 0 : written.length > 0;
    if (enough || accepted.includes('not-written')) {
      if (!this.streak.saw(written.join(' ')))
        return { says: 'producers write to the target, looking again', carry: {}, confirming: true };
      return {
        answer: {
          state: 'writing',
          written,
          sentence:
            written.length > 0
              ? `Producers write to ${listed(written)} on ${this.target.name}${silent.length > 0 ? ` (not verified: to ${listed(silent)} nobody has written yet)` : ''}. ${this.sayOfSource(late)}`
              : `Nobody has written to ${listed(names)} on ${this.target.name} yet, which a person accepted. ${this.sayOfSource(late)}`,
        },
      };
    }
    this.streak.broken();
    if (outOfPatience)
      return {
        answer: {
          state: 'contradicted',
          sentence: `Nobody has written to ${listed(names)} on ${this.target.name} within ${formatDuration(waitMs(migration, 'patience'))}: start the producers there, or override the check for a topic that is seldom written to.`,
        },
      };
    const still = written.length > 0 ? ` in ${listed(silent)}, as there are in ${listed(written)}` : '';
    return {
      says: `waiting for records on ${this.target.name} that the mirror did not write${still}`,
      carry: {},
    };
  }

  private sayOfSource(late: readonly LateRecords[]): string {
    const { name } = this.source;
    if (!this.input.frozen)
      return late.length > 0
        ? `Not verified: that nothing is written to ${name} any more. It was not proved quiet when its end was taken, and ${sayOffsets(late)} came since; nothing of that is copied.`
        : `Not verified: that nothing is written to ${name} any more, since it was not proved quiet when its end was taken; nothing has come since.`;
    return late.length > 0
      ? `What came to ${name} after its end was frozen stays behind, which a person accepted.`
      : `${name} is as it was when its end was frozen.`;
  }

  /** Of each topic of the source what came since its end was frozen. */
  private async late(): Promise<LateRecords[]> {
    const { migration, topicIds, ends } = this.input;
    const topics = await plannedTopics(
      this.source,
      migration.topics.map(({ name }) => name),
      { topicIds },
    );
    await plannedCopies(this.target, this.input, topics);
    const marks = await this.source.watermarks(partitionsIn(topics));
    const late: LateRecords[] = [];
    for (const topic of topics) {
      const records = await lateRecords(this.source, ends, partitionsIn([topic]), marks);
      if (records) late.push(records);
    }
    return late;
  }

  /** Topics on the target with a record that the mirror did not write. */
  private async written(): Promise<string[]> {
    const { migration, mirrored } = this.input;
    const names = migration.topics.map(targetName);
    const rows = await this.target.topics(names);
    const ends = await readEnds(this.target, partitionsIn(names.map((name) => valueOf(rows, name))));
    const from = await mirroredOffsets(this.target, migration, mirrored);
    const beyond = new Set((await recordsBeyond(this.target, ends, from)).map(({ topic }) => topic));
    return names.filter((name) => beyond.has(name));
  }
}

/** For example `up to 2,218 records (orders)`: an upper bound, since markers of transactions count too. */
function sayOffsets(late: readonly LateRecords[]): string {
  const offsets = late.reduce((sum, one) => sum + one.offsets, 0n);
  return `up to ${records(offsets)} (${listed(late.map(({ topic }) => topic))})`;
}
