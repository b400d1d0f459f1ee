import { formatBytes } from '../migration/bytes.js';
import { formatDuration } from '../migration/duration.js';
import { Html, markup } from './html.js';
import { style } from './page-style.js';

/** One migration as it was planned. */
export interface PlannedRow {
  name: string;
  file: string;
  strategy: string;
  target: string;
  team?: string;
  topics: number;
  /** On the disks of the source; `null`: not known. */
  bytes: number | null;
  /** Of its quiet window and its soak. */
  waitsMs: number;
  /** At which it is expected to be copied; `null`: nothing is. */
  bytesPerSecond: number | null;
  /** Without what people take; absent: not known. */
  hours?: number;
  blocks: string[];
  asks: string[];
  /** How often people have to say something, by step. */
  people: Record<string, number>;
}

export interface PlanTotals {
  migrations: number;
  topics: number;
  bytes: number | null;
  bytesToCopy: number | null;
  hoursOneAfterAnother: number | null;
  hoursAtLeast: number | null;
  blocked: number;
  asking: number;
  /** By team, then by step. */
  people: Record<string, Record<string, number>>;
}

/** A page for those who decide: it needs no network and no other file, and runs nothing. */
export function planPage(title: string, rows: readonly PlannedRow[], totals: PlanTotals): string {
  const numbers: [string, string][] = [
    ['Migrations', String(totals.migrations)],
    ['Topics', String(totals.topics)],
    ['On disk', bytes(totals.bytes)],
    ['To copy', bytes(totals.bytesToCopy)],
    ['Takes at least', hours(totals.hoursAtLeast)],
    ['One after another', hours(totals.hoursOneAfterAnother)],
    ['Blocked', String(totals.blocked)],
    ['Ask somebody', String(totals.asking)],
  ];
  const findings = rows.filter(({ blocks, asks }) => blocks.length + asks.length > 0);
  return markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Plan of ${title}</title>
        ${new Html(`<style>${style}</style>`)}
      </head>
      <body>
        <header>
          <h1>Plan of ${title}</h1>
          <p class="soft">Times are without what people take.</p>
        </header>
        <main>
          <section aria-label="In numbers">
            <dl class="numbers">
              ${numbers.map(
                ([name, value]) =>
                  markup`<div>
                    <dt>${name}</dt>
                    <dd>${value}</dd>
                  </div>`,
              )}
            </dl>
          </section>
          <section aria-labelledby="who">
            <h2 id="who">Who has to say what, how often</h2>
            <table>
              <tr>
                <th>Team</th>
                <th>Says</th>
              </tr>
              ${Object.entries(totals.people).map(
                ([team, steps]) =>
                  markup`<tr>
                    <td>${team}</td>
                    <td>
                      ${Object.entries(steps)
                        .map(([step, times]) => `${step} ${times}`)
                        .join(', ')}
                    </td>
                  </tr>`,
              )}
            </table>
          </section>
          <section aria-labelledby="migrations">
            <h2 id="migrations">Migrations</h2>
            <table>
              <tr>
                <th>Name</th>
                <th>Strategy</th>
                <th>Team</th>
                <th>Topics</th>
                <th>On disk</th>
                <th>Takes</th>
              </tr>
              ${rows.map(
                (row) =>
                  markup`<tr>
                    <td>${row.name}</td>
                    <td>${row.strategy}</td>
                    <td>${row.team ?? ''}</td>
                    <td>${row.topics}</td>
                    <td>${bytes(row.bytes)}</td>
                    <td>${hours(row.hours)}</td>
                  </tr>`,
              )}
            </table>
          </section>
          <section aria-labelledby="findings">
            <h2 id="findings">What blocks, and what asks</h2>
            ${findings.length === 0 && markup`<p>Nothing.</p>`}
            ${findings.map(
              ({ name, blocks, asks }) =>
                markup`<h3>${name}</h3>
                  <ul>
                    ${blocks.map((one) => markup`<li><strong>Blocks:</strong> ${one}</li>`)}
                    ${asks.map((one) => markup`<li>Asks: ${one}</li>`)}
                  </ul>`,
            )}
          </section>
        </main>
      </body>
    </html> `.text;
}

const bytes = (value: number | null): string => (value === null ? 'not known' : formatBytes(value));
const hours = (value: number | null | undefined): string =>
  value == null ? 'not known' : formatDuration(Math.max(1_000, value * 3_600_000));
