import { expect, test } from '@jest/globals';
import type { Dependencies } from '../../activities/kit/dependencies.js';
import { compareTopics, createTopics } from '../../activities/topics/topics.js';
import type { Cluster, ConfigEntry, NewTopic, TopicFacts } from '../../src/kafka/cluster.js';
import { FerryError } from '../../src/migration/errors.js';
import { parseMigration } from '../../src/migration/file.js';
import type { Declaring } from '../../src/provision/declaring.js';
import { strimzi } from '../../src/provision/files/strimzi.js';

/** A cluster with these topics, each by its configuration; `null`: it does not show that to the ferry. */
function scripted(
  name: string,
  has: Record<string, ConfigEntry[] | null>,
  madeAre: ConfigEntry[] | null = [],
) {
  const configs = new Map(Object.entries(has));
  const facts = (topic: string): TopicFacts => ({
    ...{ name: topic, topicId: `id-of-${topic}`, internal: false },
    partitions: [{ partition: 0, leader: 1, leaderEpoch: 0, replicas: [1], isr: [1] }],
  });
  const gone = { error: new FerryError('NotFound', 'It is not there.') };
  const hidden = { error: new FerryError('Unauthorized', 'It lacks DESCRIBE_CONFIGS.') };
  return {
    name,
    identity: async () => ({ clusterId: name, controllerId: 1, brokers: [{ id: 1 }] }),
    brokerConfig: async () => [],
    topics: async (names: string[]) =>
      new Map(names.map((topic) => [topic, configs.has(topic) ? { value: facts(topic) } : gone])),
    topicConfigs: async (names: string[]) =>
      new Map(
        names.map((topic) => {
          const value = configs.get(topic);
          return [topic, value === null ? hidden : value ? { value } : gone];
        }),
      ),
    createTopics: async (topics: NewTopic[], { validateOnly = false } = {}) => {
      if (!validateOnly) for (const topic of topics) configs.set(topic.name, madeAre);
      return new Map(topics.map((topic) => [topic.name, { value: { topicId: null } }]));
    },
  } as unknown as Cluster;
}

const entry = (name: string, value: string, source: ConfigEntry['source'] = 'topic'): ConfigEntry => ({
  ...{ name, value, source },
  readOnly: false,
  sensitive: false,
});
const attempt = () => ({
  ...{ noted: undefined, note: async () => undefined, says: () => undefined },
  signal: new AbortController().signal,
});

function ground(source: Cluster, target: Cluster, topics: string[], declaring?: Declaring) {
  const { migration } = parseMigration({
    ...{ name: 'm', strategy: 'simplestCase', source: 'old', target: 'new' },
    topics: topics.map((name) => ({ name })),
  });
  const dependencies = {
    clusters: (name: string) => (name === 'old' ? source : target),
    declares: () => declaring,
  } as unknown as Dependencies;
  return {
    compare: (accepted: string[] = []) =>
      compareTopics(dependencies, { migration: migration!, topics, accepted }),
    create: (accepted: string[] = []) =>
      createTopics(dependencies, { migration: migration!, accepted }, attempt()),
  };
}

const nobody =
  'How b is configured nobody has compared: new does not show it, and a person has accepted that.';

test('of a configuration that the target hides nobody says that it was compared, or is as it should be', async () => {
  const { compare, create } = ground(scripted('old', { a: [], b: [] }), scripted('new', { a: [], b: null }), [
    'a',
    'b',
  ]);
  expect((await compare()).findings.map(({ key }) => key)).toEqual(['config-not-shown:b']);
  const accepted = ['config-not-shown:b'];
  expect(await compare(accepted)).toEqual({
    findings: [],
    sentence: `a on new is as the migration needs. b on new is as the migration needs in partitions. ${nobody}`,
  });
  expect((await create(accepted)).sentence).toBe(
    `No topic had to be created on new. 1 topic there already, compared. 1 topic there already, compared in partitions alone. ${nobody}`,
  );
});

test('the same of what the ferry has just made: it counts as made, and as compared by nobody', async () => {
  const made = async (accepted: string[]) =>
    ground(scripted('old', { b: [] }), scripted('new', {}, null), ['b']).create(accepted);
  expect(await made([])).toMatchObject({
    made: [{ name: 'b' }],
    findings: [{ weight: 'asks', key: 'config-not-shown:b' }],
    sentence: 'b created on new.',
  });
  expect(await made(['config-not-shown:b'])).toMatchObject({
    made: [{ name: 'b' }],
    sentence: `b created on new. ${nobody}`,
  });
});

test('the same where others make the topics from files', async () => {
  const { compare } = ground(
    scripted('old', { a: [], b: [] }),
    scripted('new', { a: [], b: null }),
    ['a', 'b'],
    strimzi({ cluster: 'main' }),
  );
  expect(await compare(['config-not-shown:b'])).toEqual({
    findings: [],
    sentence: `a on new as declared, in partitions and in every entry of the configuration that was. b on new as declared in partitions. ${nobody}`,
  });
});

test('an entry of a file that the target has otherwise is left out of what is said, and told', async () => {
  const { compare } = ground(
    scripted('old', { a: [entry('retention.ms', '1000'), entry('segment.ms', '5000')] }),
    scripted('new', { a: [entry('retention.ms', '2000'), entry('segment.ms', '7000')] }),
    ['a'],
    strimzi({ cluster: 'main' }),
  );
  const { findings, sentence } = await compare(['not-as-declared:a:segment.ms']);
  expect(findings.map(({ weight, key }) => `${weight} ${key}`)).toEqual([
    'notes config-differs:a:retention.ms',
  ]);
  expect(sentence).toBe(
    'a on new as declared, in partitions and in every entry of the configuration that was, but for retention.ms of a (left as it is) and segment.ms of a (accepted as it is).',
  );
});

test('a default of the target that a person has accepted contradicts nobody who says that the topic is there', async () => {
  const { compare } = ground(
    scripted('old', { a: [entry('retention.ms', '2000', 'static-broker')] }),
    scripted('new', { a: [entry('retention.ms', '1000', 'static-broker')] }),
    ['a'],
  );
  expect((await compare()).findings.map(({ key }) => key)).toEqual(['default-differs:a:retention.ms']);
  expect((await compare()).sentence).toBe('0 of 1 topic on new are as the migration needs.');
  expect(await compare(['default-differs:a:retention.ms'])).toEqual({
    findings: [],
    sentence: 'a on new is as the migration needs, but for retention.ms of a (accepted as it is).',
  });
});
