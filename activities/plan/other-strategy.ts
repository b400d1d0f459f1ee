import { betterThan } from '../../src/advice/chosen.js';
import type { Measured } from '../../src/advice/facts.js';
import { part } from '../../src/inventory/known.js';
import { readSamples } from '../../src/inventory/samples.js';
import { scannedTopic } from '../../src/inventory/topics.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { isFerryError } from '../../src/migration/errors.js';
import type { Migration } from '../../src/migration/file.js';
import type { Finding } from '../../src/migration/findings.js';
import { noting } from '../kit/weights.js';
import { partitionsIn } from '../topics/planned-topics.js';
import type { TopicSurvey } from '../topics/topic-survey.js';

/** Of each topic: what one partition shows of schemas is enough to tell that there are some. */
const sampledPartitions = 3;

/** A note where another strategy fits better than the one in the file, by what the source shows now. */
export async function otherStrategy(
  source: Cluster,
  { strategy, messages, schemas }: Migration,
  topics: TopicSurvey['source'],
): Promise<Finding[]> {
  const sentence = betterThan(
    strategy,
    await measured(source, topics),
    messages.idempotent === undefined ? {} : { idempotent: messages.idempotent },
    schemas && { source: schemas.source, target: schemas.target },
  );
  return sentence === undefined ? [] : [noting('other-strategy', sentence)];
}

async function measured(source: Cluster, topics: TopicSurvey['source']): Promise<Measured> {
  // An internal topic is refused as it is.
  const states = [...topics.values()].filter(({ facts }) => !facts.internal);
  const partitions = partitionsIn(states.map(({ facts }) => facts));
  try {
    const [marks, producers] = await Promise.all([
      part(() => source.watermarks(partitions)),
      part(() => source.producers(partitions)),
    ]);
    const some = partitions.filter(({ partition }) => partition < sampledPartitions);
    const samples = await part(() => readSamples(source, marks.value ?? new Map(), some));
    const notRead = { unknown: 'the plan does not read it' };
    return {
      topics: states.map(({ facts, config }) => {
        const seen = {
          ...{ marks, producers, oldest: notRead, sizes: notRead, later: notRead, seconds: 0 },
          laterProducers: notRead,
          configs: { value: new Map([[facts.name, { value: [...config] }]]) },
        };
        const whole = scannedTopic(facts, { ...seen, samples: notRead }, []);
        const sampled = {
          ...facts,
          partitions: facts.partitions.filter(({ partition }) => partition < sampledPartitions),
        };
        const { schemas, writers } = scannedTopic(sampled, { ...seen, samples }, []);
        return { ...whole, schemas, ...(writers && { writers }) };
      }),
    };
  } catch (error) {
    // Whoever is let in nowhere has been told by the parts of the plan that rest on it.
    if (!isFerryError(error)) throw error;
    return { topics: [] };
  }
}
