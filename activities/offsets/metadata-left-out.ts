import { partitionKey, type TopicPartition } from '../../src/kafka/cluster.js';
import type { Finding } from '../../src/migration/findings.js';
import { readMetadata } from './commit-metadata.js';
import { asking } from '../kit/weights.js';
import { upTo } from '../kit/up-to.js';
import { count } from '../kit/wording.js';

/** A position on the source. */
interface At extends TopicPartition {
  source: string | null;
}

type Reason =
  /** It counts records that do not lie on the target as they do on the source. */
  | { what: 'processed'; complete: bigint }
  /** It was too long to be remembered, and has expired on the source. */
  | { what: 'forgotten' }
  | { what: 'unknown'; length: number };

/** Decides which metadata goes along with a commit, and asks about all that does not: by group and topic. */
export class MetadataLeftOut {
  private readonly left = new Map<string, { group: string; topic: string; of: { at: At; why: Reason }[] }>();

  constructor(
    private readonly source: string,
    private readonly target: string,
  ) {}

  /**
   * @param metadata as it is on the source; `undefined`: it is not known any more
   * @param same whether the records that it counts lie on the target as they do on the source, from this position on
   */
  goesAlong(group: string, at: At, metadata: string | undefined, same: boolean): boolean {
    const said = metadata === undefined ? undefined : readMetadata(metadata);
    if (said && (said.kind === 'none' || said.kind === 'streams-time' || said.kind === 'member-id'))
      return true;
    if (said?.kind === 'parallel-consumer' && same) return true;
    this.add(
      group,
      at,
      said === undefined
        ? { what: 'forgotten' }
        : said.kind === 'parallel-consumer'
          ? { what: 'processed', complete: said.complete }
          : { what: 'unknown', length: metadata?.length ?? 0 },
    );
    return false;
  }

  findings(): Finding[] {
    return [...this.left.values()].map(({ group, topic, of }) => {
      const kinds = (['processed', 'forgotten', 'unknown'] as const).flatMap((what) => {
        const some = of.filter(({ why }) => why.what === what);
        const [first] = some;
        if (!first) return [];
        const where = `for ${count(some.length, 'partition')} of ${topic} (first: ${partitionKey(first.at)} at offset ${first.at.source ?? 'unknown'})`;
        return [this.says(group, where, first.why, sumComplete(some.map(({ why }) => why)))];
      });
      const complete = sumComplete(of.map(({ why }) => why));
      const [key, counts] =
        complete > 0n
          ? [`+${upTo(complete)}`, ` (it counts for up to ${count(upTo(complete), 'record')})`]
          : ['', ''];
      return asking(
        `commit-metadata:${group}:${topic}${key}`,
        `${kinds.join(' ')} Accept that it goes on without it${counts}, or abort.`,
      );
    });
  }

  private says(group: string, where: string, why: Reason, complete: bigint): string {
    switch (why.what) {
      case 'processed':
        return `${group} has processed up to ${count(complete, 'record')} beyond its offsets ${where}, as Parallel Consumer notes in the metadata of a commit. They do not lie one after another on ${this.target} as they do on ${this.source}, so that the note would name others there: without it ${group} processes them again. To avoid that, let it finish on ${this.source} what it has begun, then try again.`;
      case 'forgotten':
        return `What ${group} has processed beyond its offsets ${where} has expired on ${this.source} with its commits: it processes that again.`;
      case 'unknown':
        return `The commits of ${group} ${where} carry metadata that the ferry does not know (${count(why.length, 'character')}), which may name offsets of ${this.source}: an application that keeps there what it has processed beyond its offset processes that again.`;
    }
  }

  private add(group: string, at: At, why: Reason): void {
    const key = `${group} ${at.topic}`;
    const known = this.left.get(key) ?? { group, topic: at.topic, of: [] };
    known.of.push({ at, why });
    this.left.set(key, known);
  }
}

function sumComplete(reasons: readonly Reason[]): bigint {
  return reasons.reduce((sum, why) => sum + (why.what === 'processed' ? why.complete : 0n), 0n);
}
