import { humanStep } from './human-step.js';
import type { Run } from './run.js';

/** Who approved the migration, when and why: there is nothing to measure, and nothing has been touched before. */
export async function teamApproved(run: Run): Promise<void> {
  await humanStep(run, 'teamApproved', {
    check: async (_team, { parts }) => {
      const claim = parts?.[0]?.claim;
      return {
        agrees: true,
        sentence: `Approved by ${claim?.by ?? 'somebody'} at ${claim?.at ?? run.now()}: ${claim?.note ?? ''}`,
        data: { approved: claim },
      };
    },
  });
}
