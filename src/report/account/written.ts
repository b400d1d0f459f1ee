import type { Account } from '../../account/account.js';
import { accountVersion } from '../../account/account.js';
import { migrationsMarkdown } from '../migrations-markdown.js';
import { migrationsPage } from '../migrations-page.js';
import { onlyOf, type Missing } from './fleet.js';
import type { ReportKind } from './report-kinds.js';

/**
 * @param title of several migrations: the name of their fleet
 * @param missing those of them of which there is no account
 */
export function writtenAs(
  kind: ReportKind,
  accounts: readonly Account[],
  title?: string,
  missing: readonly Missing[] = [],
): string {
  switch (kind) {
    case 'html':
      return migrationsPage(accounts, title, missing);
    case 'md':
      return migrationsMarkdown(accounts, title, missing);
    case 'json':
      return `${JSON.stringify(onlyOf(accounts, missing) ?? asOne(accounts, title, missing), null, 2)}\n`;
  }
}

const asOne = (accounts: readonly Account[], title: string | undefined, missing: readonly Missing[]) => ({
  kind: 'kafka-ferry/accounts',
  version: accountVersion,
  ...(title !== undefined && { title }),
  accounts,
  missing,
});
