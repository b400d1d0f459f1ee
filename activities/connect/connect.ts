import type { Activities } from '../../src/migration/work/activities.js';
import { attempting } from '../kit/attempt.js';
import { followMirrorMaker } from './connect-following.js';
import { translateOverMirrorMaker } from './connect-groups.js';
import { prepareMirrorMaker, removeMirrorMaker, stopMirrorMaker } from './connect-setup.js';
import { watchMirrorMaker } from './connect-watching.js';
import type { Dependencies } from '../kit/dependencies.js';

/** What a mirror is asked, answered by MirrorMaker 2 on Kafka Connect. */
export type MirrorActivities = Pick<
  Activities,
  'prepareMirror' | 'mirror' | 'watchMirror' | 'translateGroups' | 'stopMirror' | 'removeMirror'
>;

export function mirrorMakerActivities(
  dependencies: Pick<Dependencies, 'clusters' | 'connects'>,
): MirrorActivities {
  return {
    prepareMirror: (input) => attempting((attempt) => prepareMirrorMaker(dependencies, input, attempt)),
    mirror: (input) => followMirrorMaker(dependencies, input),
    watchMirror: (input) => watchMirrorMaker(dependencies, input),
    translateGroups: (input) => translateOverMirrorMaker(dependencies, input),
    stopMirror: (input) => attempting((attempt) => stopMirrorMaker(dependencies, input, attempt)),
    removeMirror: (input) => attempting((attempt) => removeMirrorMaker(dependencies, input, attempt)),
  };
}
