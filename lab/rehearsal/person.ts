import type { StepId } from '../../src/migration/strategies.js';
import type { Applications } from './applications.js';
import { groupNames, producerNames, type Names } from './script.js';

/** What a person says after having done something: the input of an update of the step's name. */
export interface Saying {
  by: string;
  name?: string;
  topic?: string;
}

const by = 'the rehearsal';

/**
 * Plays the person's part: does what a human step asks for, and answers what is then to be said. Applications are
 * moved one by one, as teams would.
 */
export async function* actAsAsked(
  step: StepId,
  applications: Applications,
  names: Names,
): AsyncGenerator<Saying> {
  const { producers } = applications;
  switch (step) {
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
        await applications.deployConsumer(app, 'target');
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
