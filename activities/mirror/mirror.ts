import { mirrorKind } from '../../src/migration/file.js';
import type { Work } from '../../src/migration/work/work.js';
import { mirrorMakerActivities, type MirrorActivities } from '../connect/connect.js';
import type { Dependencies } from '../kit/dependencies.js';
import { engineActivities } from './engine.js';

/** What a mirror is asked, answered by whichever the migration file chooses. */
export function mirrorActivities(
  dependencies: Pick<Dependencies, 'clusters' | 'registries' | 'connects'>,
): MirrorActivities {
  const engine = engineActivities(dependencies);
  const mirrorMaker = mirrorMakerActivities(dependencies);
  const chosen = ({ migration }: Work): MirrorActivities =>
    mirrorKind(migration) === 'mirrormaker' ? mirrorMaker : engine;
  return {
    prepareMirror: (input) => chosen(input).prepareMirror(input),
    mirror: (input) => chosen(input).mirror(input),
    watchMirror: (input) => chosen(input).watchMirror(input),
    translateGroups: (input) => chosen(input).translateGroups(input),
    stopMirror: (input) => chosen(input).stopMirror(input),
    removeMirror: (input) => chosen(input).removeMirror(input),
  };
}
