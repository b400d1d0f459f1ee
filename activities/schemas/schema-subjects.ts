import { targetName, type Migration } from '../../src/migration/file.js';

/** The subjects of a migration's own, and what each subject of the source is called on the target. */
export interface SubjectMoves {
  /** By their names on the source. Those that they refer to belong to the copy too. */
  readonly subjects: readonly string[];
  /** Named one by one in the migration file: each has to be there. */
  readonly named: boolean;
  /** What to ask when none is there, in place of what is said of topics. */
  readonly none?: string;
  readonly rename: (subject: string) => string;
}

/**
 * The subjects that the file names, else those of the topics by TopicNameStrategy: `<topic>-key` and `<topic>-value`.
 * Such a subject follows a topic that gets a new name; every other subject keeps its name.
 */
export function subjectMoves({ topics, schemas }: Migration): SubjectMoves {
  const names = new Map(
    topics.flatMap((topic) =>
      (['key', 'value'] as const).map((part): [string, string] => [
        `${topic.name}-${part}`,
        `${targetName(topic)}-${part}`,
      ]),
    ),
  );
  return {
    subjects: schemas?.subjects ?? [...names.keys()],
    named: schemas?.subjects !== undefined,
    rename: (subject) => names.get(subject) ?? subject,
  };
}

/** Subjects that the ferry makes for itself on a target registry. */
export const ownSubjects = {
  /** Where ids are counted: versions for ids that nothing of the copy has. */
  reserve: 'kafka-ferry-reserved',
  /** Has the target give ids beyond those of one source. */
  beyond: (source: string): string => `kafka-ferry-reserved-${source}`,
} as const;

export const isOwnSubject = (subject: string): boolean =>
  subject === ownSubjects.reserve || subject.startsWith(ownSubjects.beyond(''));

/** How far beyond the source's highest id the target goes on to give ids, unless the file says otherwise. */
export const usualIdDistance = 1_000_000;
