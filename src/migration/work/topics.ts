import type { Finding } from '../findings.js';
import type { Work } from './work.js';

/** Topics on the target. Topics are named as on the source unless a comment says otherwise. */
export interface TopicActivities {
  /** Compares topics on the target with what the migration needs. Changes nothing. */
  compareTopics(
    input: Work & { topics: readonly string[] },
  ): Promise<{ findings: Finding[]; sentence: string }>;

  /** Creates what the ferry is to create and compares what is there; findings that block mean that nothing was created. */
  createTopics(input: Work): Promise<{ made: MadeTopic[]; findings: Finding[]; sentence: string }>;
}

export interface MadeTopic {
  /** The name on the target. */
  name: string;
  topicId: string | null;
}
