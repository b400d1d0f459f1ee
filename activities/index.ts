import { Context } from '@temporalio/activity';
import { transientTypes } from '../src/migration/error-types.js';
import { FerryError } from '../src/migration/errors.js';
import { workflowId } from '../src/migration/messages.js';
import type { Activities } from '../src/migration/work/activities.js';
import type { FleetActivities } from '../src/migration/work/fleet.js';
import type { RegistryActivities } from '../src/migration/work/schemas.js';
import type { SurveyActivities } from '../src/migration/work/survey.js';
import type { Work } from '../src/migration/work/work.js';
import type { PlanReport } from '../src/migration/work/plan.js';
import { copyAcls } from './acls/acls.js';
import { declaredGrants } from './acls/declared-access.js';
import { attempting } from './kit/attempt.js';
import { consumerActivities } from './groups/consumers.js';
import type { Dependencies } from './kit/dependencies.js';
import { doublingActivities } from './drain/doubling.js';
import { drainActivities } from './drain/drain.js';
import { holdActivities } from './holds/holds.js';
import { fleetActivities } from './fleet/fleet.js';
import { heldBackOn } from './kit/held-back.js';
import { soakActivities } from './drain/soak.js';
import { twinActivities } from './drain/twins.js';
import { safely } from './kit/failure.js';
import { mirrorActivities } from './mirror/mirror.js';
import { seedOffsets, targetWrites } from './offsets/offsets.js';
import { parityActivities } from './mirror/parity.js';
import { checkPlan } from './plan/plan.js';
import { producersOnTargetActivities } from './mirror/producers-on-target.js';
import { quietActivities } from './drain/quiet.js';
import { retireActivities } from './retire/retire.js';
import { schemaActivities } from './schemas/schemas.js';
import { surveyActivities } from './survey/survey.js';
import { tellingActivities } from './telling/telling.js';
import { compareTopics, createTopics } from './topics/topics.js';
import { undo } from './retire/undo.js';

export type { Dependencies, OtherMigration } from './kit/dependencies.js';

/**
 * Everything that a workflow may ask of the clusters, for a worker to register. Each fails only with a
 * `TemporalFailure`: an `ApplicationFailure` whose type is one of the ferry's error types, or a cancellation.
 */
export function createActivities(
  dependencies: Dependencies,
): Activities & RegistryActivities & SurveyActivities & FleetActivities {
  const held = ({ migration }: Pick<Work, 'migration'>) => heldBackOn(dependencies.clusters, migration);
  return safely<Activities & RegistryActivities & SurveyActivities & FleetActivities>({
    checkPlan: (input) =>
      attempting(async () => {
        const { declared: _, ...report } = await checkPlan(
          dependencies,
          input,
          ownWorkflow(input.migration.name),
        );
        return unlessTransient(report);
      }, held(input)),
    compareTopics: (input) => attempting(() => compareTopics(dependencies, input), held(input)),
    createTopics: (input) => attempting((attempt) => createTopics(dependencies, input, attempt), held(input)),
    copyAcls: (input) => {
      const declaring = dependencies.declares?.(input.migration.target);
      return attempting(
        (attempt) =>
          declaring ? declaredGrants(dependencies, input, declaring) : copyAcls(dependencies, input, attempt),
        held(input),
      );
    },
    seedOffsets: (input) => attempting((attempt) => seedOffsets(dependencies, input, attempt), held(input)),
    targetWrites: (input) => attempting((attempt) => targetWrites(dependencies, input, attempt), held(input)),
    undo: (input) => attempting((attempt) => undo(dependencies, input, attempt), held(input)),
    ...holdActivities(dependencies),
    ...quietActivities(dependencies),
    ...doublingActivities(dependencies),
    ...twinActivities(dependencies),
    ...drainActivities(dependencies),
    ...soakActivities(dependencies),
    ...consumerActivities(dependencies),
    ...mirrorActivities(dependencies),
    ...producersOnTargetActivities(dependencies),
    ...parityActivities(dependencies),
    ...retireActivities(dependencies),
    ...schemaActivities(dependencies),
    ...surveyActivities(dependencies),
    ...tellingActivities(dependencies),
    ...fleetActivities(dependencies),
  });
}

/** A cluster that is away for a moment is no finding: the check is made again before a person is asked. */
function unlessTransient(report: PlanReport): PlanReport {
  const failed = report.findings.find(({ type }) => type !== undefined && transientTypes.includes(type));
  if (failed?.type) throw new FerryError(failed.type, failed.sentence);
  return report;
}

/** The asking workflow, whose id need not be the usual one when it was started by hand. */
function ownWorkflow(migration: string): string {
  return Context.current().info.workflowExecution?.workflowId ?? workflowId(migration);
}
