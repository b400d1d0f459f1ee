import { Document } from 'yaml';
import { oneLine } from '../../migration/foreign-text.js';
import { workloadText } from '../../migration/workload.js';
import type { ReadTopic } from './read-topic.js';

/** The part of a migration file that existing Topics declare. */
export interface Imported {
  topics: {
    name: string;
    newName: string;
    createdBy: 'people';
    partitions: number;
    replicationFactor: number;
    config: Record<string, string>;
  }[];
  /** Applications with access, and to what: who they are on the source only a person knows. */
  applications: { team: string; application: string; may: string[] }[];
}

export function imported(topics: readonly ReadTopic[]): Imported {
  const applications = new Map<string, Imported['applications'][number]>();
  for (const { fullName, acl } of topics)
    for (const { team, application, access } of acl) {
      const key = workloadText({ team, application });
      const of = applications.get(key) ?? { team, application, may: [] };
      applications.set(key, of);
      of.may.push(`${access} ${fullName}`);
    }
  return {
    topics: topics.map(({ name, fullName, partitions, replicationFactor, config }) => ({
      name,
      newName: fullName,
      createdBy: 'people',
      partitions,
      replicationFactor,
      config,
    })),
    applications: [...applications.values()],
  };
}

/** As a person puts it into a migration file; what a Topic does not know stands as comments. */
export function importedText({ topics, applications }: Imported): string {
  const file = new Document({ topics });
  file.commentBefore =
    ' Say for name how the topic is called on the source, where it has another name there.';
  const lines = applications.map(
    ({ team, application, may }) =>
      `#   User:…: { team: ${team}, application: ${application} } # ${may.join(', ')}`,
  );
  const principals =
    lines.length === 0
      ? []
      : ['# Say of each application which principal it is on the source:', '# principals:', ...lines];
  return [file.toString({ lineWidth: 0 }).trimEnd(), ...principals.map(oneLine)].join('\n');
}
