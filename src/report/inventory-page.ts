import { createHash } from 'node:crypto';
import { notSeen, type Advice } from '../advice/advise.js';
import { expectedOf, lagsOf } from '../advice/expected.js';
import { idleTopicsOf } from '../advice/idle.js';
import { topicsOf, type TopicSet } from '../advice/sets.js';
import { unseenAnywhere } from '../advice/unseen.js';
import type { Inventory, Known, ScannedGroup, ScannedTopic } from '../inventory/inventory.js';
import { every, mapKnown, thenKnown } from '../inventory/known.js';
import { unknownsIn } from '../inventory/unknowns.js';
import { formatBytes } from '../migration/bytes.js';
import { formatDuration } from '../migration/duration.js';
import { named } from '../migration/foreign-text.js';
import { barChart, type Bar } from './charts.js';
import { drawingOf, mostNodes } from './drawing.js';
import { flagsOf, type Flag } from './flags.js';
import { graphOf, simplified } from './graph.js';
import { Html, markup } from './html.js';
import { script } from './page-script.js';
import { style } from './page-style.js';

/** Rows of the tables of what is biggest, and names in a flag before it says how many more. */
const mostRows = 15;
const mostNames = 200;

/**
 * A whole page about a cluster that needs nothing else: no network, no other file. Names are text in it whatever is in them,
 * and its policy lets no program run but its own.
 */
export function inventoryPage(
  inventory: Inventory,
  advised: readonly { set: TopicSet; advice: Advice }[],
): string {
  const sets = advised.map(({ set }) => set);
  const idle = sets.flatMap((set) => idleTopicsOf(set, inventory));
  const topics = inventory.topics.filter(({ internal }) => !internal);
  const anywhere = unseenAnywhere(inventory);
  const told = new Set(anywhere.map(notSeen));
  const title = `What is on ${named(inventory.cluster)}`;
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`;
  const sorted = [...advised].sort((a, b) => b.set.topics.length - a.set.topics.length);
  return markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${new Html(`<style>${style}</style>`)}
      </head>
      <body>
        <a class="skip" href="#sets">To the sets of topics</a>
        <header>
          <h1>${title}</h1>
          <p class="soft">
            Looked at by kafka-ferry at
            ${inventory.scannedAt}${inventory.glob === '*' ? '' : `, topics ${named(inventory.glob)} alone`}.
            Cluster id ${inventory.clusterId}. ${surveyText(inventory)}
          </p>
          <nav aria-label="Parts of this page">
            <ul>
              <li><a href="#flags">What to know</a></li>
              <li><a href="#load">Load</a></li>
              <li><a href="#topics">Biggest and idle</a></li>
              <li><a href="#sets">Sets</a></li>
            </ul>
          </nav>
        </header>
        <main>
          ${numbersPart(inventory, topics, sets)} ${flagsPart(flagsOf(inventory, sets, idle))}
          ${loadPart(inventory, topics)} ${topicsPart(topics, idle)}
          <section aria-labelledby="sets">
            <h2 id="sets">What moves together</h2>
            <p>
              Topics are one set when a group, a transaction or an application ties them. Each set is one
              migration.
            </p>
            <p class="key">
              <span class="p">principal</span><span class="t">topic</span><span class="g">group</span> A whole
              line: was seen to read. A broken one: may by an ACL.
            </p>
            <div class="search" role="search" hidden>
              <label for="search">Find a topic, group or principal</label>
              <input id="search" type="search" autocomplete="off" aria-keyshortcuts="/" />
              <span id="found" role="status"></span>
            </div>
            ${
              anywhere.length > 0 &&
              markup`<h3>Not seen, and might tie any of them to others</h3>
                <ul>
                  ${anywhere.map((one) => markup`<li>${one}</li>`)}
                </ul>`
            }
            ${sorted.map((one) => setPart(one, inventory, told))}
          </section>
        </main>
        ${new Html(`<script>${script}</script>`)}
      </body>
    </html> `.text;
}

const digits = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 1 });
const countOf = (known: Known<number>, say: (value: number) => string = digits): string =>
  known.unknown === undefined ? say(known.value) : 'unknown';
const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);

/** As much of a sum as is known: half of it is told as that. */
function sumOf(all: readonly Known<number>[], say: (value: number) => string = digits): string {
  const whole = mapKnown(every(all), sum);
  if (whole.unknown === undefined) return say(whole.value);
  const known = all.flatMap(({ value }) => value ?? []);
  return known.length === 0 ? 'unknown' : `at least ${say(sum(known))}`;
}

function numbersPart(inventory: Inventory, topics: readonly ScannedTopic[], sets: readonly TopicSet[]): Html {
  const { groups, acls } = inventory;
  const unknown = unknownsIn(inventory).length;
  const numbers: [string, string][] = [
    ['Brokers', digits(inventory.brokers)],
    ['Topics', digits(topics.length)],
    ['Partitions', digits(sum(topics.map(({ partitions }) => partitions)))],
    ['Sets that move apart', digits(sets.length)],
    ['Records, at most', sumOf(topics.map(({ records }) => records))],
    [
      'On disk',
      sumOf(
        topics.map(({ bytes }) => bytes),
        formatBytes,
      ),
    ],
    ['Records a second', sumOf(topics.map(({ rate }) => rate))],
    ['Groups', countOf(mapKnown(groups, (all) => all.length))],
    ['ACLs', acls.value === null ? 'no authorizer' : countOf(mapKnown(acls, (all) => all?.length ?? 0))],
    ['Reasons why something is unknown', digits(unknown)],
  ];
  return markup`<section aria-label="In numbers">
    <dl class="numbers">
      ${numbers.map(
        ([name, value]) =>
          markup`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
  </section>`;
}

function flagsPart(flags: readonly Flag[]): Html {
  return markup`<section aria-labelledby="flags">
    <h2 id="flags">What to know before a migration</h2>
    ${flags.length === 0 && markup`<p>Nothing that was looked for was found.</p>`}
    ${flags.map(
      ({ title, means, about }) =>
        markup`<details class="flag">
          <summary><strong>${title}</strong> (${about.length}). ${means}</summary>
          <ul>
            ${about.slice(0, mostNames).map((one) => markup`<li>${one}</li>`)}
          </ul>
          ${about.length > mostNames && markup`<p>And ${digits(about.length - mostNames)} more, in the inventory.</p>`}
        </details> `,
    )}
  </section>`;
}

interface Measured {
  name: string;
  value: Known<number>;
}

/** What is not known is no bar, and is told. */
function loadPart(inventory: Inventory, topics: readonly ScannedTopic[]): Html {
  const byName = new Map(topics.map((topic) => [topic.name, topic]));
  const lag = thenKnown(inventory.groups, (groups) => ({
    value: groups.map((group) => ({
      name: group.group,
      value: mapKnown(every([...lagsOf(group, byName), ...lagsElsewhere(group, byName)]), sum),
    })),
  }));
  const figure = (caption: string, none: string, all: Known<Measured[]>, unit: string) => {
    const bars = (all.value ?? []).flatMap(({ name, value: { value } }): Bar[] =>
      value === undefined ? [] : [{ name, value }],
    );
    const unknown = (all.value ?? []).length - bars.length;
    return markup`<figure>
      <figcaption>${caption}</figcaption>
      ${barChart(bars, unit) ?? (all.unknown === undefined && unknown === 0 && markup`<p>${none}</p>`)}
      ${all.unknown !== undefined && markup`<p>Not known: ${all.unknown}</p>`}
      ${unknown > 0 && markup`<p>Not known of ${digits(unknown)} of ${digits((all.value ?? []).length)}.</p>`}
    </figure>`;
  };
  const of = (value: (topic: ScannedTopic) => Known<number>): Known<Measured[]> => ({
    value: topics.map((topic) => ({ name: topic.name, value: value(topic) })),
  });
  return markup`<section aria-labelledby="load">
    <h2 id="load">Load</h2>
    <div class="charts">
      ${figure('How far groups are behind', 'No group is seen to be behind.', lag, 'records')}
      ${figure(
        'What is written while it was looked at',
        'Nothing was seen to be written.',
        of(({ rate }) => rate),
        'records a second',
      )}
      ${figure(
        'What takes room on disks',
        'Nothing is on disks.',
        of(({ bytes }) => bytes),
        'bytes',
      )}
    </div>
  </section>`;
}

/** On topics that are not on this page. */
const lagsElsewhere = ({ committed }: ScannedGroup, here: ReadonlyMap<string, unknown>): Known<number>[] =>
  (committed.value ?? []).filter(({ topic }) => !here.has(topic)).map(({ lag }) => lag);

function topicsPart(topics: readonly ScannedTopic[], idle: readonly { topic: string; why: string }[]): Html {
  const biggest = [...topics]
    .sort((a, b) => (b.bytes.value ?? b.records.value ?? 0) - (a.bytes.value ?? a.records.value ?? 0))
    .slice(0, mostRows);
  return markup`<section aria-labelledby="topics">
    <h2 id="topics">Biggest and idle</h2>
    <h3>The biggest topics</h3>
    ${topicTable(biggest)}
    <h3>Idle topics</h3>
    ${
      idle.length === 0
        ? markup`<p>No topic is known to be idle.</p>`
        : markup`<details>
            <summary>${idle.length} that nobody was seen to use</summary>
            <ul>
              ${idle.slice(0, mostNames).map(({ topic, why }) => markup`<li>${named(topic)}: ${why}</li>`)}
            </ul>
          </details>`
    }
  </section>`;
}

function topicTable(topics: readonly ScannedTopic[]): Html {
  const watched = topics.some(({ overTime }) => overTime !== undefined);
  return markup`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">Topic</th>
          <th scope="col" class="n">Partitions</th>
          <th scope="col" class="n">Records, at most</th>
          <th scope="col" class="n">On disk</th>
          <th scope="col" class="n">Records/s</th>
          <th scope="col">Newest</th>
          ${watched && markup`<th scope="col">Seen written, last</th>`}
        </tr>
      </thead>
      <tbody>
        ${topics.map(
          ({ name, partitions, records, bytes, rate, newest, overTime }) =>
            markup`<tr>
              <td>${named(name)}</td>
              <td class="n">${partitions}</td>
              <td class="n">${countOf(records)}</td>
              <td class="n">${countOf(bytes, formatBytes)}</td>
              <td class="n">${countOf(rate)}</td>
              <td>${timeOf(newest)}</td>
              ${watched && markup`<td>${writtenOf(overTime)}</td>`}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** At which look of a survey it was last seen to be written to. */
function writtenOf(overTime: ScannedTopic['overTime']): string {
  const written = overTime?.value?.written.value;
  if (written === undefined) return 'unknown';
  return written.last === null ? 'at no look' : minuteOf(written.last);
}

/** Beyond the time of a survey nothing is known by it, and without one there was a single look. */
function surveyText({ survey }: Inventory): string {
  if (survey === undefined)
    return 'There was one look: who comes weekly was not seen by it (ferry scan CLUSTER --for 7d).';
  if (survey.until === null) return 'A survey has not seen it yet.';
  const missed =
    survey.missed.count > 0 ? `, beside ${countedOf(survey.missed.count, 'look')} that saw nothing` : '';
  return `A survey looked ${survey.looks === 1 ? 'once' : `${digits(survey.looks)} times`} from ${survey.from.slice(0, 16)} to ${survey.until.slice(0, 16)}${missed}: who comes more seldom was not seen.`;
}

/** A record may say any time, also one that no calendar has. */
function timeOf({ value, unknown }: ScannedTopic['newest']): string {
  if (unknown !== undefined) return 'unknown';
  if (value == null) return 'no record';
  return Math.abs(value) > 8.64e15 ? 'no time that a calendar has' : minuteOf(value);
}

const minuteOf = (ms: number): string => new Date(ms).toISOString().slice(0, 16);

/** @param told warnings that stand on the page already */
function setPart(
  { set, advice }: { set: TopicSet; advice: Advice },
  inventory: Inventory,
  told: ReadonlySet<string>,
): Html {
  const warnings = advice.warnings.filter((one) => !told.has(one));
  const { topics, groups } = set;
  const names = topics.map(({ name }) => name);
  const byName = new Map(topics.map((topic) => [topic.name, topic]));
  const graph = graphOf(set, inventory.acls);
  const title = `${set.name}: ${countedOf(topics.length, 'topic')}, ${countedOf(groups.length, 'group')}`;
  const simple = graph.nodes.length > mostNodes ? simplified(graph, mostNodes) : undefined;
  const drawing = drawingOf(simple ?? graph, `Graph of ${title}`);
  const principals = graph.nodes.flatMap(({ kind, names }) => (kind === 'principal' ? names : []));
  const strategies = advice.strategies.map(({ strategy, verdict, rules }) => {
    const open = rules.filter(
      ({ weight, holds }) => weight === 'must' && holds === (verdict === 'fits-if' ? 'unknown' : 'no'),
    );
    return markup`<li>
      ${strategy}
      ${words[verdict]}${verdict !== 'fits' && `: ${open.map(({ sentence }) => sentence).join(', ')}`}
    </li>`;
  });
  return markup`<details class="set">
    <summary>
      <strong>${title}</strong>
      <span class="soft"
        >${sumOf(
          topics.map(({ bytes }) => bytes),
          formatBytes,
        )},
        ${advice.recommended ?? 'no strategy fits by what is known'}</span
      >
    </summary>
    ${simple && drawing && markup`<p class="soft">What ties it: who uses one topic alone is not drawn.</p>`}
    ${drawing ?? (graph.edges.length > 0 && markup`<p class="soft">Too much hangs together here to be drawn: the lists below have all of it.</p>`)}
    ${topics.length > mostRows ? markup`<details><summary>${digits(topics.length)} topics</summary>${topicTable(topics)}</details>` : topicTable(topics)}
    ${
      groups.length > 0 &&
      markup`<h3>Groups</h3>
        <ul>
          ${groups.map(
            (group) =>
              markup`<li>
                ${named(group.group)} (${group.kind === 'other' ? '' : `${group.kind}, `}${group.state},
                ${
                  group.members.unknown === undefined
                    ? countedOf(group.members.value.length, 'member')
                    : 'members unknown'
                })
                reads
                ${countedOf([...topicsOf(group, names)].filter((name) => byName.has(name)).length, 'topic')},
                ${sumOf(lagsOf(group, byName))}
                behind${cameText(group)}
              </li>`,
          )}
        </ul>`
    }
    ${
      principals.length > 0 &&
      markup`<h3>Principals with ACLs on it</h3>
        <p>${principals.sort().map(named).join(', ')}</p>`
    }
    ${
      set.ties.length > 0 &&
      markup`<h3>What ties it</h3>
        <ul>
          ${set.ties.map((tie) => markup`<li>${tie}</li>`)}
        </ul>`
    }
    <h3>Strategies</h3>
    <ul>
      ${strategies}
    </ul>
    <p>${howLong(set)}</p>
    ${
      warnings.length > 0 &&
      markup`<h3>To know</h3>
        <ul>
          ${warnings.map((one) => markup`<li>${one}</li>`)}
        </ul>`
    }
  </details> `;
}

/** When a survey last saw a group move or have members. */
function cameText({ overTime }: ScannedGroup): string {
  if (overTime === undefined) return '';
  if (overTime.unknown !== undefined) return `; over time: ${overTime.unknown}`;
  const { moved, lastMembers } = overTime.value;
  const last = ({ value, unknown }: Known<number | null>) =>
    unknown !== undefined ? 'not known' : value === null ? 'at no look' : minuteOf(value);
  return `; over time it moved last: ${last(mapKnown(moved, (one) => one.last))}, had members last: ${last(lastMembers)}`;
}

/** In few words, since there are many sets. */
function howLong(set: TopicSet): string {
  const { copySeconds, lag, rate } = expectedOf(set);
  return `Copying: ${countOf(copySeconds, (seconds) => `about ${formatDuration(Math.ceil(seconds) * 1_000)}`)}. Furthest behind: ${countOf(lag)}. Written: ${countOf(rate)} a second.`;
}

const words = { fits: 'fits', 'fits-if': 'fits if', 'does-not-fit': 'does not fit, it needs' } as const;
const countedOf = (count: number, noun: string): string =>
  `${digits(count)} ${noun}${count === 1 ? '' : 's'}`;
