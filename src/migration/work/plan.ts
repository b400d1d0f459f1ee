import type { Finding } from '../findings.js';
import type { Work } from './work.js';

/** What is found out before anything is changed. Topics are named as on the source unless a comment says otherwise. */
export interface PlanActivities {
  /** Everything `ferry plan` checks. Changes nothing. */
  checkPlan(input: Work): Promise<PlanReport>;
}

export interface PlanReport {
  findings: Finding[];
  /** One sentence per thing that will happen. */
  will: string[];
  topicIds: Record<string, string | null>;
  /** All topics on the target are made by people, whatever the file says: its provisioner is a set of files. */
  byPeople?: true;
  /** The ACLs on the source for exactly these topics, which the deletion takes with them: `allow User:app read from *`. */
  acls?: { topic: string; acls: string[] }[];
  /** Groups of the file that read what does not move: a sentence for each. */
  elsewhere?: { group: string; sentence: string }[];
  /** For how long the target keeps the offsets of a group without members, ms, where it shows that. */
  offsetsKeptMs?: number;
}
