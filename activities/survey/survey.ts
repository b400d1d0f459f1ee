import { lookAt } from '../../src/inventory/look.js';
import { packLook } from '../../src/migration/packed-survey.js';
import type { SurveyActivities } from '../../src/migration/work/survey.js';
import { attempting } from '../kit/attempt.js';
import type { Dependencies } from '../kit/dependencies.js';

export function surveyActivities(dependencies: Pick<Dependencies, 'clusters'>): SurveyActivities {
  return {
    lookAtCluster: ({ cluster, glob, known }) =>
      attempting(async (attempt) => {
        attempt.says(`Looks at ${cluster}.`);
        return packLook(await lookAt(dependencies.clusters(cluster), glob), known);
      }),
  };
}
