import { mirrorKind } from '../src/migration/file.js';
import type { Work } from '../src/migration/work.js';
import type { MirrorActivities } from './connect.js';

/** Asks the one that mirrors the migration: the ferry's own engine, or MirrorMaker. */
export function byMirrorKind(engine: MirrorActivities, mirrorMaker: MirrorActivities): MirrorActivities {
  const of = ({ migration }: Work) => (mirrorKind(migration) === 'mirrormaker' ? mirrorMaker : engine);
  return {
    prepareMirror: (input) => of(input).prepareMirror(input),
    mirror: (input) => of(input).mirror(input),
    watchMirror: (input) => of(input).watchMirror(input),
    translateGroups: (input) => of(input).translateGroups(input),
    removeMirror: (input) => of(input).removeMirror(input),
  };
}
