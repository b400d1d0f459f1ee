import { workflowInfo } from '@temporalio/workflow';
import type { Member } from '../../src/fleet/file.js';
import type { Membership } from '../../src/migration/membership.js';
import type { Running } from './running.js';

/** What a migration is told of its fleet when it is started, and when that has changed. */
export function membershipOf(run: Running, { wave }: Pick<Member, 'wave'>): Membership {
  const { hours } = run.state;
  return { id: workflowInfo().workflowId, wave, ...(hours && { hours }) };
}
