import type { Activities } from '../src/migration/work/activities.js';
import type { FleetActivities } from '../src/migration/work/fleet.js';

/** What the timeline of the web UI calls an activity. */
const words: Record<keyof (Activities & FleetActivities), string> = {
  checkPlan: 'checks the plan on both clusters',
  takeHolds: 'takes the topics and groups, so that no other migration has them',
  releaseHolds: 'gives the topics and groups back',
  compareTopics: 'compares the topics that people made',
  createTopics: 'creates the topics on the target',
  copyAcls: 'copies the ACLs',
  copySchemas: 'copies the schemas',
  leaveImport: 'takes the registry out of import mode',
  watchSchemas: 'lets new schemas follow',
  seedOffsets: 'sets where groups start on the target',
  prepareMirror: 'prepares the mirror',
  mirror: 'copies records',
  watchMirror: 'watches how far the mirror is',
  stopMirror: 'stops the mirror',
  removeMirror: 'removes the mirror',
  watchQuiet: 'watches whether the source is quiet',
  watchDoubling: 'watches whether producers write to both',
  watchTwins: 'looks for each record of the source on the target',
  watchDrain: 'waits until groups have consumed the source',
  translateGroups: 'sets where groups go on on the target',
  watchConsumers: 'watches where groups consume',
  watchProducers: 'watches where producers write',
  watchParity: 'compares both clusters record by record',
  watchSoak: 'watches the source while it soaks',
  finalCheck: 'checks everything before the deletion',
  deleteSource: 'deletes the topics on the source',
  watchDeleted: 'makes sure that they are gone',
  targetWrites: 'looks whether producers have written to the target',
  tell: 'tells people',
  keepAccount: 'writes the report',
  undo: 'takes back what was made on the target',
  openHours: 'reads when the hours of the fleet are',
  seeMigrations: 'looks after migrations that have said nothing',
  knownAttributes: 'asks which search attributes there are',
  tellOfFleet: 'tells people',
};

/** Temporal takes one line of up to 200 bytes. */
export function activitySummary(type: string, [input]: unknown[]): string {
  const text = Object.hasOwn(words, type) ? words[type as keyof typeof words] : type;
  const { share, shares } = (input ?? {}) as { share?: unknown; shares?: unknown };
  return typeof share === 'number' && typeof shares === 'number' && shares > 1
    ? `${text}, share ${share + 1} of ${shares}`
    : text;
}
