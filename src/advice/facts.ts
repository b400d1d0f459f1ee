import { questions, type Answers, type Question } from './answers.js';
import type { ScannedTopic } from '../inventory/inventory.js';

/** What is known of one thing that a strategy depends on. */
export interface Fact {
  value?: boolean;
  how: 'measured' | 'declared' | 'unknown';
  /** Where it comes from, in words. */
  from: string;
}

/** What facts are measured on. */
export interface Measured {
  topics: readonly Pick<
    ScannedTopic,
    'name' | 'compacted' | 'records' | 'producers' | 'writers' | 'schemas' | 'overTime'
  >[];
}

const measured = (value: boolean, from: string): Fact => ({ value, how: 'measured', from });
const unknown = (from: string): Fact => ({ how: 'unknown', from });

function declared(answers: Answers, question: Question, seen?: Fact): Fact {
  const said = answers[question];
  if (said === undefined) return seen ?? unknown(`nobody has answered: ${questions[question]}`);
  const from = `answered: ${questions[question]} ${said ? 'Yes' : 'No'}`;
  return {
    value: said,
    how: 'declared',
    from: seen?.value !== undefined && seen.value !== said ? `${from}; but ${seen.from}` : from,
  };
}

/** The names in `ferry.yaml` of the registries between which the migration file has the ferry copy schemas. */
export interface Registries {
  source: string;
  target: string;
}

/** By these names rules ask for facts. A measurement stands in for an answer that nobody gave. */
export const facts = {
  historyNeeded: (set, answers) => declared(answers, 'historyNeeded', seenHistory(set)),
  producersOurs: (_, answers) => declared(answers, 'producersOurs'),
  consumersOurs: (_, answers) => declared(answers, 'consumersOurs'),
  mayPause: (_, answers) => declared(answers, 'mayPause'),
  idempotent: (_, answers) => declared(answers, 'idempotent'),
  consumersEasier: (_, answers) => declared(answers, 'consumersEasier'),
  severalProducers: (set) => seenProducers(set),
  schemas: (set) => seenSchemas(set),
  schemasInSync: (set, _, registries) => schemasInSync(seenSchemas(set), registries),
} as const satisfies Record<string, (set: Measured, answers: Answers, registries?: Registries) => Fact>;

export type FactId = keyof typeof facts;

function seenHistory({ topics }: Measured): Fact | undefined {
  const compacted = topics.filter((topic) => topic.compacted.value === true).map(({ name }) => name);
  if (compacted.length > 0)
    return measured(true, `${compacted.join(', ')} is compacted: it holds the state of its keys`);
  if (topics.every(({ records, compacted }) => records.value === 0 && compacted.value === false))
    return measured(false, 'the topics hold no record');
  return undefined;
}

/**
 * Producers without idempotence leave no trace, so that several were not seen says nothing; and one that is started anew has
 * another id, so that several ids are several producers only where two are proved to have been there at once.
 */
function seenProducers({ topics }: Measured): Fact {
  const atOnce = topics.find(({ writers }) => (writers?.value ?? 0) > 1);
  if (atOnce)
    return measured(true, `${atOnce.writers?.value} producers of ${atOnce.name} wrote at the same time`);
  const overTime = topics.find((topic) => (topic.overTime?.value?.writers ?? 0) > 1);
  if (overTime)
    return measured(
      true,
      `${overTime.overTime?.value?.writers} producers of ${overTime.name} wrote between two looks of a survey`,
    );
  const several = topics.find(({ producers }) => (producers.value?.length ?? 0) > 1);
  if (several)
    return unknown(
      `brokers remember ${several.producers.value?.length} producer ids of ${several.name}, as one application leaves that was started anew, and ${notAtOnce(several.writers)}`,
    );
  const why = topics.find(({ producers }) => producers.unknown !== undefined)?.producers.unknown;
  return unknown(why ?? 'brokers remember at most one producer, and forget those without idempotence');
}

function notAtOnce(writers: Measured['topics'][number]['writers']): string {
  if (writers === undefined)
    return 'whether two write at the same time this inventory does not say: scan anew';
  return writers.unknown === undefined
    ? 'no two were seen to write at the same time: a survey looks for longer'
    : `whether two write at the same time was not seen: ${writers.unknown}`;
}

function seenSchemas({ topics }: Measured): Fact {
  const using = topics.find(({ schemas }) => (schemas.value?.ids.length ?? 0) > 0);
  if (using)
    return measured(
      true,
      `records of ${using.name} carry schema ids (${using.schemas.value?.ids.join(', ')})`,
    );
  const unseen = topics.find(({ schemas }) => schemas.unknown !== undefined);
  if (unseen) return unknown(`records of ${unseen.name} were not seen: ${unseen.schemas.unknown}`);
  // Records that nobody has looked at may carry ids, whatever those of other topics carry.
  const blind = topics.find(({ records, schemas }) => records.value !== 0 && schemas.value?.sampled === 0);
  if (blind) return unknown(`no record of ${blind.name} was looked at`);
  const sampled = topics.reduce((sum, { schemas }) => sum + (schemas.value?.sampled ?? 0), 0);
  if (sampled === 0) return unknown('the topics hold no record that could show it');
  return measured(false, `none of the newest ${sampled} records carries a schema id`);
}

/** The ferry copies schemas before the first record and stops where they differ, once the file names both registries. */
function schemasInSync(schemas: Fact, registries?: Registries): Fact {
  if (schemas.value === false) return { ...schemas, value: true };
  if (registries)
    return {
      value: true,
      how: 'declared',
      from: `schemas are copied from registry ${registries.source} to ${registries.target}`,
    };
  return unknown(schemas.from);
}
