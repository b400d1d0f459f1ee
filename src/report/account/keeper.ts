import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CloudEvent } from 'cloudevents';
import type { Account } from '../../account/account.js';
import { FerryError } from '../../migration/errors.js';
import { idOf } from '../../notify/notice.js';
import { eventType, sendEvent, type Webhook } from '../../notify/webhook.js';
import { reportKinds, type ReportKind } from './report-kinds.js';

/** Where reports go: a folder on the worker's machine, or somebody who takes them. */
export type ReportsSettings = { folder: string } | { webhook: Webhook };

export interface Keeper {
  /** Keeps it. Kept already: the same once more. @returns what it is called there @throws FerryError `Unreachable` or `Refused` */
  keep(account: Account, signal?: AbortSignal): Promise<string[]>;
}

export function openKeeper(settings: ReportsSettings): Keeper {
  return {
    keep: (account, signal) =>
      'folder' in settings
        ? inFolder(settings.folder, account)
        : sent(settings.webhook, account, signal).then(() => [settings.webhook.name]),
  };
}

/**
 * By name and time, so that a migration of the same name next year takes no other's place. Whoever may start a workflow may
 * write any text for its time, and a file of that name would lie outside the folder.
 *
 * @throws FerryError `BadInput` where it began at no time
 */
export function nameOf({ name, startedAt }: Account): string {
  const began = new Date(startedAt);
  if (Number.isNaN(began.getTime()))
    throw new FerryError(
      'BadInput',
      'The report was not written, since its file is named by when the migration began, and the state that it was started with has no time for that: write it by ferry report.',
    );
  return `${name}-${began.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}

async function inFolder(folder: string, account: Account): Promise<string[]> {
  const kinds = Object.keys(reportKinds) as ReportKind[];
  const named = nameOf(account);
  // What draws is loaded for this alone.
  const { writtenAs } = await import('./written.js');
  try {
    await mkdir(folder, { recursive: true });
    return await Promise.all(
      kinds.map(async (kind) => {
        const name = `${named}.${kind}`;
        const path = join(folder, name);
        // Whoever collects reports never finds half of one.
        await writeFile(`${path}.part`, writtenAs(kind, [account]));
        await rename(`${path}.part`, path);
        return name;
      }),
    );
  } catch (error) {
    const { code } = error as { code?: unknown };
    throw new FerryError(
      'Unreachable',
      `The report was not written: the folder that reports of ferry.yaml names cannot be written to (${typeof code === 'string' ? code : 'unknown'}).`,
    );
  }
}

/** As an event, like everything else that leaves a migration; its data is the JSON of the report. */
function sent(webhook: Webhook, account: Account, signal?: AbortSignal): Promise<void> {
  const { workflowId, name, endedAt, readAt, startedAt } = account;
  const event = new CloudEvent<Account>({
    // Receivers know an event by its id alone, and migrations of a fleet begin at one moment.
    id: idOf([workflowId, 'report', startedAt]),
    type: eventType('migration', 'report'),
    source: `/kafka-ferry/${workflowId}`,
    subject: name,
    time: endedAt ?? readAt,
    datacontenttype: 'application/json',
    data: account,
  });
  return sendEvent(webhook, event, signal);
}
