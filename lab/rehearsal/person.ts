import type { StepId } from '../../src/migration/strategies.js';
import type { Applications } from './applications.js';
import { groupNames, producerNames, type Names } from './script.js';

/** What a person says after having done something: the input of an update of the step's name. */
export interface Saying {
  by: string;
  name?: string;
  topic?: string;
  note?: string;
}

const by = 'the rehearsal';

/**
 * Plays the person's part: does what a human step asks for, and answers what is then to be said. Applications are
 * moved one by one, as teams would.
 *
 * @param agreed resolves when what was measured agrees with what was said for one of several.
 */
export async function* actAsAsked(
  step: StepId,
  applications: Applications,
  names: Names,
  agreed: (step: StepId, name: string) => Promise<void>,
): AsyncGenerator<Saying> {
  const { producers } = applications;
  switch (step) {
    case 'teamApproved':
      yield { by, note: 'to see whether it keeps its promise' };
      return;
    case 'topicCreated':
      yield { by, topic: names.newTopic };
      return;
    case 'consumerStopped':
      for (const app of groupNames) {
        const name = names.group(app);
        await applications.stopConsumer(app);
        yield { by, name };
        // It goes on at once, while the other groups are still on the source.
        await agreed(step, name);
        await applications.startConsumer(app, 'target');
      }
      return;
    case 'producerStopped':
      for (const name of producerNames) {
        await applications.stopProducer(name);
        yield { by, name };
      }
      return;
    case 'producerSwitched':
      for (const name of producerNames) {
        const producer = producers.get(name);
        if (producer) await producer.switch();
        else await applications.startProducer(name, 'target');
        yield { by, name };
      }
      return;
    case 'producerWritesBoth':
      for (const [name, producer] of producers) {
        await producer.writeBoth();
        yield { by, name };
      }
      return;
    case 'oldProducerCodeRemoved':
      for (const [name, producer] of producers) {
        await producer.stopOld();
        yield { by, name };
      }
      return;
    case 'consumerSwitched':
    case 'oldConsumerCodeRemoved':
      for (const app of groupNames) {
        if (!applications.readsTarget(app)) await applications.deployConsumer(app, 'target');
        yield { by, name: names.group(app) };
      }
      return;
    case 'consumerReadsBoth':
      for (const app of groupNames) {
        await applications.deployConsumer(app, 'both');
        yield { by, name: names.group(app) };
      }
      return;
    case 'deletionApproved':
      yield { by, topic: names.topic };
      return;
    default:
      throw new Error(`Nobody has taught the rehearsal what to do for ${step}.`);
  }
}
