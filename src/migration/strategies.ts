/** The strategies, and for each the steps of its runbook in order. A workflow that runs others is a defect; a test holds it. */
export const strategies = {
  simplestCase: {
    suits: 'no history needed, all producers and consumers are ours, a short pause is fine',
    steps: [
      'checkPlan',
      'topicCreated',
      'createTopics',
      'copyAcls',
      'copySchemas',
      'seedOffsets',
      'producerSwitched',
      'drain',
      'consumerSwitched',
      'soak',
      'deletionApproved',
      'deleteSource',
    ],
  },
  doubleProducer: {
    suits: 'no history needed, the producer is ours, messages are idempotent',
    steps: [
      'checkPlan',
      'topicCreated',
      'createTopics',
      'copyAcls',
      'copySchemas',
      'seedOffsets',
      'producerWritesBoth',
      'drain',
      'consumerSwitched',
      'oldProducerCodeRemoved',
      'soak',
      'deletionApproved',
      'deleteSource',
    ],
  },
  doubleConsumers: {
    suits: 'no history needed, consumers are easier to change than producers, or there are several producers',
    steps: [
      'checkPlan',
      'topicCreated',
      'createTopics',
      'copyAcls',
      'copySchemas',
      'seedOffsets',
      'consumerReadsBoth',
      'producerSwitched',
      'drain',
      'oldConsumerCodeRemoved',
      'soak',
      'deletionApproved',
      'deleteSource',
    ],
  },
  simpleMirroring: {
    suits: 'history is kept, a pause is fine, no schema registry is used',
    steps: [
      'checkPlan',
      'topicCreated',
      'createTopics',
      'copyAcls',
      'startMirror',
      'producerStopped',
      'catchUp',
      'parity',
      'translateOffsets',
      'consumerSwitched',
      'producerSwitched',
      'removeMirror',
      'soak',
      'deletionApproved',
      'deleteSource',
    ],
  },
  advancedMirroring: {
    suits: 'history is kept, no pause, messages are not idempotent, schemas in sync',
    steps: [
      'teamApproved',
      'checkPlan',
      'topicCreated',
      'createTopics',
      'copyAcls',
      'copySchemas',
      'startMirror',
      'mirrorSteady',
      'consumerStopped',
      'consumerSwitched',
      'producerStopped',
      'catchUp',
      'producerSwitched',
      'parity',
      'removeMirror',
      'soak',
      'deletionApproved',
      'deleteSource',
    ],
  },
} as const satisfies Record<string, { suits: string; steps: readonly StepId[] }>;

export type Strategy = keyof typeof strategies;
/** The strategies that bring the history along. */
export const isMirrored = (strategy: Strategy): strategy is 'simpleMirroring' | 'advancedMirroring' =>
  strategy === 'simpleMirroring' || strategy === 'advancedMirroring';

/** What copies for a strategy, where the file does not say. */
export const usualMirror = (strategy: string): 'engine' | 'mirrormaker' =>
  strategy === 'advancedMirroring' ? 'mirrormaker' : 'engine';

export const strategyNames = Object.keys(strategies) as [Strategy, ...Strategy[]];
export const isStrategy = (text: string): text is Strategy => Object.hasOwn(strategies, text);

interface StepKind {
  /** What a person sees in the table of steps. */
  title: string;
  /** Human steps close on a claim for each of these; the step's id is the name of the signal and the update. */
  claimedFor?: 'producers' | 'consumers' | 'topics' | 'team';
  /** What the person is asked to do, in the imperative. */
  ask?: string;
  /** What is claimed can only be measured for all of them at once, as a quiet source. */
  together?: true;
  /** Leaving the step out keeps every promise: a person may `skip` it. */
  skippable?: string;
}

/** Every step that any strategy has; `undo` is added when a migration is aborted. */
export const stepKinds = {
  checkPlan: { title: 'Check the plan against both clusters' },
  topicCreated: {
    title: 'Topics created on the target by their owners',
    claimedFor: 'topics',
    ask: 'Create the topic on the target (where it is made by other means than the ferry), then say so.',
  },
  createTopics: { title: 'Create the topics on the target with their configuration' },
  copyAcls: {
    title: 'Copy the ACLs to the target',
    skippable: 'the ACLs are managed elsewhere and no client has been moved yet',
  },
  seedOffsets: { title: 'Commit starting offsets on the target for every group' },
  teamApproved: {
    title: 'The team approves the migration',
    claimedFor: 'team',
    ask: 'Discuss the migration with the team that owns the topics, then say who approved it (by) and why (note).',
  },
  copySchemas: { title: 'Copy the schemas to the target registry' },
  startMirror: { title: 'Start the mirror' },
  mirrorSteady: { title: 'Wait until the mirror has copied the history and keeps up' },
  producerStopped: {
    title: 'Producers stopped on the source',
    claimedFor: 'producers',
    together: true,
    ask: 'Stop the producer on the source and do not start it on the target yet, then say so.',
  },
  catchUp: { title: 'Wait until the mirror has copied the source to its end' },
  parity: {
    title: 'Compare both clusters record by record',
    skippable: 'the copy is reported as unverified, and the deletion asks about all of it',
  },
  translateOffsets: { title: 'Commit translated offsets on the target for every group' },
  consumerStopped: {
    title: 'Consumers stopped on the source, their offsets translated',
    claimedFor: 'consumers',
    ask: 'Stop the consumer on the source, say so, and start it on the target once its offsets are translated.',
  },
  removeMirror: { title: 'Remove the mirror and everything it left' },
  producerSwitched: {
    title: 'Producers write to the target only',
    claimedFor: 'producers',
    together: true,
    ask: 'Switch the producer to the target, stop it on the source, then say so.',
  },
  producerWritesBoth: {
    title: 'Producers write to both clusters',
    claimedFor: 'producers',
    together: true,
    ask: 'Deploy the producer that writes every message to source and target, then say so.',
  },
  oldProducerCodeRemoved: {
    title: 'Producers no longer write to the source',
    claimedFor: 'producers',
    together: true,
    ask: 'Remove the code that writes to the source, deploy, then say so.',
  },
  drain: { title: 'Wait until every group has consumed the source' },
  consumerSwitched: {
    title: 'Consumers read from the target only',
    claimedFor: 'consumers',
    ask: 'Stop the consumer on the source, start it on the target with the same group, then say so.',
  },
  consumerReadsBoth: {
    title: 'Consumers read from both clusters',
    claimedFor: 'consumers',
    ask: 'Deploy the consumer that reads source and target, then say so.',
  },
  oldConsumerCodeRemoved: {
    title: 'Consumers no longer read from the source',
    claimedFor: 'consumers',
    ask: 'Remove the code that reads the source, deploy, then say so.',
  },
  soak: { title: 'Let it run before anything is deleted' },
  deletionApproved: {
    title: 'Deletion of the source approved by name',
    claimedFor: 'topics',
    together: true,
    ask: 'Check that nothing needs the source topic any more, then approve its deletion by its exact name.',
    skippable: 'the topics stay on the source',
  },
  deleteSource: {
    title: 'Delete the topics on the source and prove it',
    skippable: 'what is not deleted by now stays on the source',
  },
  undo: {
    title: 'Take back what the migration made on the target',
    skippable: 'what the migration made stays on the target',
  },
} as const satisfies Record<string, StepKind>;

export type StepId = keyof typeof stepKinds;
export type HumanStepId = {
  [Id in StepId]: (typeof stepKinds)[Id] extends { claimedFor: string } ? Id : never;
}[StepId];

export function stepKind(id: StepId): StepKind {
  return stepKinds[id];
}

export function isHumanStep(id: string): id is HumanStepId {
  return Object.hasOwn(stepKinds, id) && stepKind(id as StepId).claimedFor !== undefined;
}
