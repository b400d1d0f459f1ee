import { z } from 'zod';
import type { Attempt } from '../kit/attempt.js';

const topicShape = z.object({
  name: z.string(),
  /** It held what a mirror had copied. */
  held: z.boolean(),
});
export type TakenTopic = z.infer<typeof topicShape>;

const noted = z.object({
  /** How many partitions, by group on the target. */
  offsets: z.array(z.tuple([z.string(), z.number()])),
  acls: z.number(),
  topics: z.array(topicShape),
});

/**
 * What an undo is about to take back is noted first, whole: an attempt that comes after a lost one finds less there, and can
 * still say all of it.
 */
export class Taken {
  private readonly byGroup: Map<string, number>;
  private aclCount: number;
  private readonly byTopic: Map<string, TakenTopic>;

  constructor(private readonly attempt: Pick<Attempt, 'noted' | 'note'>) {
    const before = noted.safeParse(attempt.noted).data;
    this.byGroup = new Map(before?.offsets);
    this.aclCount = before?.acls ?? 0;
    this.byTopic = new Map(before?.topics.map((one) => [one.name, one]));
  }

  /** @returns of how many partitions the offsets of the group are taken back, those of attempts before among them */
  async offsets(group: string, now: number): Promise<number> {
    const doomed = Math.max(now, this.byGroup.get(group) ?? 0);
    if (now > 0) {
      this.byGroup.set(group, doomed);
      await this.note();
    }
    return doomed;
  }

  /** @returns how many ACLs are taken back, those of attempts before among them */
  async acls(now: number): Promise<number> {
    this.aclCount = Math.max(now, this.aclCount);
    if (now > 0) await this.note();
    return this.aclCount;
  }

  async topics(now: readonly TakenTopic[]): Promise<void> {
    for (const one of now) this.byTopic.set(one.name, one);
    await this.note();
  }

  /** The topic, if an attempt before was about to delete it. */
  topic(name: string): TakenTopic | undefined {
    return this.byTopic.get(name);
  }

  private note(): Promise<void> {
    const facts: z.infer<typeof noted> = {
      offsets: [...this.byGroup],
      acls: this.aclCount,
      topics: [...this.byTopic.values()],
    };
    return this.attempt.note(facts);
  }
}
