import { Context } from '@temporalio/activity';
import { z } from 'zod';
import { FerryError, isFerryError } from '../../src/migration/errors.js';
import type { Migration } from '../../src/migration/file.js';
import { fleetId } from '../../src/migration/membership.js';
import { workflowId } from '../../src/migration/messages.js';
import { inFull } from '../../src/migration/listed.js';
import type { Activities } from '../../src/migration/work/activities.js';
import type { FleetActivities } from '../../src/migration/work/fleet.js';
import { fleetNoticeOf } from '../../src/notify/fleet-notice.js';
import { noticeOf } from '../../src/notify/migration-notice.js';
import type { Notice } from '../../src/notify/notice.js';
import { targetsOf, type Target } from '../../src/notify/targets.js';
import { attempting, type Attempt } from '../kit/attempt.js';
import type { Dependencies } from '../kit/dependencies.js';
import { count } from '../kit/wording.js';

export function tellingActivities({
  notify,
  reports,
}: Pick<Dependencies, 'notify' | 'reports'>): Pick<Activities, 'tell' | 'keepAccount'> &
  Pick<FleetActivities, 'tellOfFleet'> {
  /** @param usual the id of its workflow, unless that was started by hand under another */
  const tellThoseOf = async (
    named: Pick<Migration, 'team' | 'notify'>,
    usual: string,
    noticesOf: (workflowId: string, link: string | undefined) => Notice[],
  ): ReturnType<Activities['tell']> => {
    if (!notify) return { told: [], failed: [], sentence: 'There is nobody to tell.' };
    const { targets, missing } = targetsOf(notify.settings, named);
    const id = Context.current().info.workflowExecution?.workflowId ?? usual;
    const notices = noticesOf(id, notify.link(id));
    if (targets.length === 0) return { told: [], failed: missing, sentence: 'There is nobody to tell.' };
    return attempting((attempt) => tellAll(targets, notices, missing, attempt));
  };
  return {
    tell: ({ migration, tellings }) =>
      tellThoseOf(migration, workflowId(migration.name), (id, link) =>
        tellings.map((telling) => noticeOf(id, migration, telling, link)),
      ),
    tellOfFleet: ({ fleet, tellings }) =>
      tellThoseOf(fleet, fleetId(fleet.name), (id, link) =>
        tellings.map((telling) => fleetNoticeOf(id, fleet, telling, link)),
      ),
    keepAccount: async ({ migration }) => {
      const { workflowExecution } = Context.current().info;
      if (!reports || !workflowExecution) return { written: [], sentence: '' };
      return attempting(async (attempt) => {
        attempt.says('Writes the report.');
        const id = workflowExecution.workflowId;
        const account = await reports.accountOf(id, workflowExecution.runId);
        const written = await reports.keeper.keep(account, attempt.signal);
        return {
          written,
          sentence: `The report of ${migration.name} is written: ${inFull(written)}.`,
        };
      });
    },
  };
}

const noted = z.object({ told: z.array(z.string()), failed: z.array(z.string()) });

/**
 * All at once, so that one who hangs keeps nobody waiting. Who was told is noted, so that the next attempt tells the others
 * alone.
 */
async function tellAll(
  targets: readonly Target[],
  notices: readonly Notice[],
  missing: readonly string[],
  attempt: Attempt,
): ReturnType<Activities['tell']> {
  const known = noted.safeParse(attempt.noted).data ?? { told: [], failed: [...missing] };
  const { told, failed } = known;
  const later: string[] = [];
  // One after the other: a note that is older must not come last.
  let noting: Promise<void> = Promise.resolve();
  const note = (): Promise<void> => (noting = noting.then(() => attempt.note(known)));
  attempt.says(`Tells ${count(targets.length, 'target')}.`);
  await Promise.all(
    targets.map(async (target) => {
      for (const notice of notices) {
        const mark = `${target.name} ${notice.id}`;
        if (told.includes(mark)) continue;
        try {
          await target.tell(notice, attempt.signal);
          told.push(mark);
        } catch (error) {
          attempt.signal.throwIfAborted();
          if (!isFerryError(error)) throw error;
          if (error.type === 'Unreachable') {
            later.push(error.message);
            return;
          }
          // Tried once, and never again: it would be refused again.
          told.push(mark);
          failed.push(error.message);
        }
        await note();
      }
    }),
  );
  if (later.length > 0) throw new FerryError('Unreachable', [...failed, ...later].join(' '));
  return { told: notices.map(({ id }) => id), failed, sentence: `Told ${count(targets.length, 'target')}.` };
}
