import { createHash } from 'node:crypto';
import type { Account } from '../account/account.js';
import { named } from '../migration/foreign-text.js';
import { anchorOf, sectionsAsHtml } from './account/as-html.js';
import { onlyOf, overviewOf, type Missing } from './account/fleet.js';
import { accountScript } from './account/script.js';
import { sectionsOf } from './account/sections.js';
import { numbersOf } from './account/sections/numbers.js';
import { accountStyle } from './account/style.js';
import { writtenFrom } from './account/words.js';
import { Html, markup } from './html.js';
import { style } from './page-style.js';

/**
 * A whole page about what happened in one migration, or in several, that needs nothing else: no network, no other file.
 * Names are text in it whatever is in them, and its policy lets no program run but its own.
 *
 * @param title of several; one is called by its own name
 */
export function migrationsPage(
  accounts: readonly Account[],
  title = 'These migrations',
  missing: readonly Missing[] = [],
): string {
  const only = onlyOf(accounts, missing);
  const heading = only ? `What happened in ${named(only.name)}` : `What happened in ${named(title)}`;
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${createHash('sha256').update(accountScript).digest('base64')}'`;
  const parts = only ? sectionsOf(only) : [];
  return markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${heading}</title>
        ${new Html(`<style>${style}${accountStyle}</style>`)}
      </head>
      <body>
        <a class="skip" href="#content">To the report</a>
        <header>
          <h1>${heading}</h1>
          <p class="soft">${writtenFrom(accounts)}</p>
          <nav aria-label="Parts of this page">
            <ul>
              ${
                only
                  ? parts.map((part) => markup`<li><a href="#${anchorOf(part.title)}">${part.title}</a></li>`)
                  : accounts.map(({ name }, at) => markup`<li><a href="#m${at}">${named(name)}</a></li>`)
              }
            </ul>
          </nav>
        </header>
        <main id="content">
          ${
            only
              ? [numbers(only), ...sectionsAsHtml(parts)]
              : [
                  ...sectionsAsHtml([{ title: 'All of them', blocks: overviewOf(accounts, missing) }]),
                  ...accounts.map(
                    (account, at) =>
                      markup`<details class="part migration" id="m${at}">
                        <summary>${named(account.name)}: ${account.state}</summary>
                        ${numbers(account)} ${sectionsAsHtml(sectionsOf(account), `m${at}-`)}
                      </details> `,
                  ),
                ]
          }
        </main>
        ${new Html(`<script>${accountScript}</script>`)}
      </body>
    </html> `.text;
}

function numbers(account: Account): Html {
  return markup`<dl class="numbers" aria-label="In numbers">
    ${numbersOf(account).map(
      ([name, value]) =>
        markup`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}
