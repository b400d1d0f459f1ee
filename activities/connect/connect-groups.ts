import { mirrorNames } from '../../src/connect/mirror-maker.js';
import type { Activities } from '../../src/migration/work/activities.js';
import { translatePositions } from './connect-offsets.js';
import { isExactlyOnce, mirrorOf } from './connect-workers.js';
import type { Dependencies } from '../kit/dependencies.js';
import { heldBackOn } from '../kit/held-back.js';
import {
  stillShape,
  type Still,
  type TranslateAnswer,
  type TranslateInput,
} from '../offsets/translation-state.js';
import { Translation } from '../offsets/translation.js';
import { watch } from '../kit/watch.js';

/** Translates where groups have stopped on the source by what both logs hold around the pairs that MirrorMaker writes down. */
export function translateOverMirrorMaker(
  dependencies: Pick<Dependencies, 'clusters' | 'connects'>,
  input: TranslateInput,
): ReturnType<Activities['translateGroups']> {
  const { migration } = input;
  const { rest } = mirrorOf(dependencies, migration);
  const names = mirrorNames(migration.name);
  const source = dependencies.clusters(migration.source);
  const target = dependencies.clusters(migration.target);
  const translation = new Translation(input, source, target, async (positions) =>
    translatePositions(
      {
        ...{ source, target, offsetSyncs: names.offsetSyncs },
        exactlyOnce: await isExactlyOnce(rest, names),
      },
      positions,
    ),
  );
  return watch<TranslateAnswer, Still>(
    input,
    stillShape,
    (moment) => translation.probe(moment),
    heldBackOn(dependencies.clusters, migration),
  );
}
