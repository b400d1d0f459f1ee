import type { AclActivities } from './acls.js';
import type { DrainActivities } from './drain.js';
import type { GroupActivities } from './groups.js';
import type { HoldActivities } from './holds.js';
import type { MirrorActivities } from './mirror.js';
import type { OffsetActivities } from './offsets.js';
import type { ParityActivities } from './parity.js';
import type { PlanActivities } from './plan.js';
import type { RetireActivities } from './retire.js';
import type { SchemaActivities } from './schemas.js';
import type { TellingActivities } from './telling.js';
import type { TopicActivities } from './topics.js';

/**
 * The contract between workflows and activities: what is asked of the clusters and what is answered, as plain JSON.
 * Offsets are decimal strings. Activities only state or change facts; what follows from a fact is decided by the workflow.
 */
export type Activities = PlanActivities &
  TopicActivities &
  AclActivities &
  OffsetActivities &
  DrainActivities &
  GroupActivities &
  HoldActivities &
  MirrorActivities &
  ParityActivities &
  SchemaActivities &
  RetireActivities &
  TellingActivities;
