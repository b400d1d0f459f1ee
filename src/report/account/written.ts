import type { Account } from '../../account/account.js';
import { accountVersion } from '../../account/account.js';
import { migrationsMarkdown } from '../migrations-markdown.js';
import { migrationsPage } from '../migrations-page.js';
import type { ReportKind } from './report-kinds.js';

/** @param title of several migrations: the name of their fleet */
export function writtenAs(kind: ReportKind, accounts: readonly Account[], title?: string): string {
  switch (kind) {
    case 'html':
      return migrationsPage(accounts, title);
    case 'md':
      return migrationsMarkdown(accounts, title);
    case 'json':
      return `${JSON.stringify(accounts.length === 1 ? accounts[0] : asOne(accounts, title), null, 2)}\n`;
  }
}

const asOne = (accounts: readonly Account[], title?: string) => ({
  kind: 'kafka-ferry/accounts',
  version: accountVersion,
  ...(title !== undefined && { title }),
  accounts,
});
