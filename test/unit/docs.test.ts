import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { ferryGrants } from '../../lab/ferry-acls.js';
import { createProgram } from '../../app/cli/program.js';
import { fleetShape } from '../../src/fleet/file.js';
import { configShape } from '../../app/config/schema.js';
import { parseConfig } from '../../app/config/config.js';
import { errorTypes } from '../../src/migration/error-types.js';
import { metrics } from '../../src/migration/metrics.js';
import { migrationShape, parseMigration } from '../../src/migration/file.js';
import { mistakeText } from '../../src/migration/mistakes.js';
import { verdictKinds } from '../../src/migration/verdicts.js';
import { parseYaml } from '../../app/config/yaml-file.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const text = (file: string): string => readFileSync(join(root, file), 'utf8');
const filesIn = (folder: string, ending: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => join(folder, file));

const pages = ['README.md', 'CHANGELOG.md', ...filesIn('docs', '.md')];

/** Code between fences, by the language that follows the first one. */
function blocks(page: string, language: string): string[] {
  return [...text(page).matchAll(/^```(\w*)\n(.*?)^```/gms)].flatMap(([, of, code]) =>
    of === language && code !== undefined ? [code] : [],
  );
}

/** Names in backticks, those of a table's first column among them. */
const named = (page: string): Set<string> =>
  new Set([...text(page).matchAll(/`([^`\n]+)`/g)].flatMap(([, name]) => name ?? []));

/** Every key of a schema, as a path of names: lists and names that people choose add nothing to it. */
function keysOf(schema: unknown, path = ''): string[] {
  const { properties, items, anyOf, additionalProperties } = (schema ?? {}) as {
    properties?: Record<string, unknown>;
    items?: unknown;
    anyOf?: unknown[];
    additionalProperties?: unknown;
  };
  const inside = typeof additionalProperties === 'object' ? [additionalProperties] : [];
  return [
    ...Object.entries(properties ?? {}).flatMap(([key, of]) => {
      const at = path === '' ? key : `${path}.${key}`;
      return [at, ...keysOf(of, at)];
    }),
    ...[items, ...(anyOf ?? []), ...inside].flatMap((of) => (of ? keysOf(of, path) : [])),
  ];
}

const schemaOf = (shape: z.ZodType): unknown =>
  z.toJSONSchema(shape, { io: 'input', unrepresentable: 'any' });
const last = (path: string): string => path.slice(path.lastIndexOf('.') + 1);

/** What a reader may have in the environment under such a name. */
const valueOf = (name: string): string =>
  name.endsWith('_URL')
    ? 'https://chat.example/hook'
    : /^(BOARD|ARCHIVE)_SECRET$/.test(name)
      ? `whsec_${Buffer.alloc(32).toString('base64')}`
      : 'something';

describe('YAML in the documentation', () => {
  const all = pages.flatMap((page) => blocks(page, 'yaml').map((yaml) => ({ page, yaml })));

  it.each(all)('in $page is a migration file, a fleet file or a ferry.yaml without a mistake', ({ yaml }) => {
    const document = parseYaml(yaml);
    expect(document.mistakes).toBeUndefined();
    const keys = Object.keys(document.value as object);
    if (keys.includes('strategy')) {
      expect(parseMigration(document.value).mistakes?.map(mistakeText)).toBeUndefined();
      return;
    }
    if (keys.includes('waves')) {
      expect(fleetShape().safeParse(document.value).error).toBeUndefined();
      return;
    }
    const environment = Object.fromEntries(
      [...yaml.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => [name, valueOf(name)]),
    );
    // The files that it names are the reader's.
    const mistakes = parseConfig(document.value, root, environment).mistakes?.map(mistakeText) ?? [];
    expect(mistakes.filter((mistake) => !mistake.includes('there is no such file'))).toEqual([]);
    expect(keys).toContain('clusters');
  });

  it('shows both kinds', () => {
    expect(all.filter(({ yaml }) => yaml.includes('strategy:')).length).toBeGreaterThan(0);
    expect(all.filter(({ yaml }) => yaml.includes('clusters:')).length).toBeGreaterThan(0);
  });
});

describe('the page on the migration file', () => {
  const page = 'docs/migration-file.md';
  const keys = keysOf(schemaOf(migrationShape()));
  const example = blocks(page, 'yaml').join('\n');

  it.each(keys)('has a row for %s, and uses it', (key) => {
    const rows = text(page).split(/^## /m);
    const [section] = key.split('.');
    const of = key.includes('.') ? rows.find((part) => part.startsWith(`\`${section}\``)) : rows[1];
    expect(of).toMatch(new RegExp(`^\\| \`${last(key)}\` `, 'm'));
    expect(example).toMatch(new RegExp(`\\b${last(key)}:`));
  });

  it('names the defaults', () => {
    const { waits } = parseMigration({
      name: 'a',
      strategy: 'simplestCase',
      source: 'a',
      target: 'b',
      topics: [{ name: 'a' }],
    }).migration ?? { waits: {} };
    for (const [wait, value] of Object.entries(waits))
      expect(text(page)).toMatch(new RegExp(`^\\| \`${wait}\` .*\\| \`${String(value)}\` `, 'm'));
    expect(Object.keys(waits).length).toBeGreaterThan(3);
  });
});

describe('the page on monitoring', () => {
  const page = text('docs/monitoring.md');

  it.each(Object.values(metrics))(
    'has a row for $name, with its kind and labels',
    ({ name, kind, labels }) => {
      const [, , ofKind, ofLabels] =
        new RegExp(`^\\| \`${name}\` .*$`, 'm')
          .exec(page)?.[0]
          .split('|')
          .map((cell) => cell.trim()) ?? [];
      expect([ofKind, ofLabels]).toEqual([kind, labels.map((label) => `\`${label}\``).join(', ')]);
    },
  );

  it('has a row for each alert', () => {
    const { groups } = parse(text('ops/prometheus/kafka-ferry.rules.yaml')) as {
      groups: { rules: { alert: string }[] }[];
    };
    const alerts = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
    const rows = [...page.matchAll(/^\| `(Ferry\w+)`/gm)].map(([, name]) => name);
    expect(rows).toEqual(alerts);
  });
});

describe('the page on running it', () => {
  const page = text('docs/running.md');

  it.each(keysOf(schemaOf(configShape)))('shows %s of ferry.yaml', (key) => {
    expect(blocks('docs/running.md', 'yaml').join('\n')).toMatch(new RegExp(`\\b${last(key)}:`));
  });

  it.each(Object.keys(errorTypes))('says what to do when a step is blocked by %s', (type) => {
    expect(page).toMatch(new RegExp(`^\\| \`${type}\` `, 'm'));
  });

  it('says what to do about every finding that blocks or asks', () => {
    // Keys of findings are literals, up to the first colon; a variable stands for literals in the same file.
    const said = filesIn('activities', '.ts').flatMap((file) =>
      [...text(file).matchAll(/(?:blocking|asking|attempted)\(\s*(?:looking,\s*)?([`'])([^`':]*)/g)].map(
        ([, , key = '']) => key,
      ),
    );
    const provisioning = filesIn('src/provision', '.ts').flatMap((file) =>
      [...text(file).matchAll(/weight: '(?:asks|blocks)',\s*key: ([`'])([^`':]*)/g)].map(
        ([, , key = '']) => key,
      ),
    );
    expect(provisioning.length).toBeGreaterThan(3);
    const keys = [
      ...provisioning,
      ...said.flatMap((key) => (key.startsWith('${kind}') ? [] : [key])),
      ...Object.entries(verdictKinds).flatMap(([verdict, kind]) => (kind === 'asks' ? [verdict] : [])),
      ...['topic-in-two-migrations', 'group-in-two-migrations', 'beyond-end', 'truncated'],
    ];
    expect(keys.length).toBeGreaterThan(30);
    const known = named('docs/running.md');
    expect([...new Set(keys)].filter((key) => !known.has(key))).toEqual([]);
  });
});

describe('the page on security', () => {
  const page = text('docs/security.md');
  const words = { cluster: 'Cluster', topic: 'Topic', group: 'Group', transactionalId: 'TransactionalId' };
  const section = { source: 'On the source', target: 'On the target' };

  it.each(
    (['source', 'target'] as const).flatMap((side) => ferryGrants[side].map((grant) => ({ side, ...grant }))),
  )('quotes $operation on $resource of the $side', ({ side, resource, operation, why }) => {
    const [, table = ''] = page.split(`### ${section[side]}\n`);
    const rows = (table.split(/^###? /m)[0] ?? '')
      .split('\n')
      .map((row) => row.split(/\s*\|\s*/).slice(1, 4));
    const name = `${operation.charAt(0).toUpperCase()}${operation.slice(1)}`;
    expect(rows).toContainEqual([words[resource], name, why]);
  });

  it('quotes no right that the lab does not grant', () => {
    const rows = page.match(/^\| (Cluster|Topic|Group|TransactionalId) /gm) ?? [];
    expect(rows).toHaveLength(ferryGrants.source.length + ferryGrants.target.length);
  });
});

describe('the page on drain verdicts', () => {
  it.each(Object.entries(verdictKinds))('has a row for %s, which %s', (verdict, kind) => {
    const row = new RegExp(`^\\| \`${verdict}\` +\\| (\\w+)`, 'm').exec(text('docs/decisions/drained.md'));
    expect(row?.[1]).toBe(verdict === 'grew' ? 'reopens' : kind);
  });
});

describe('every page', () => {
  const { scripts } = JSON.parse(text('package.json')) as { scripts: Record<string, string> };
  const quiet = {
    print: () => undefined,
    complain: () => undefined,
    redraws: false,
    redraw: () => undefined,
  };
  let verbs: string[];
  beforeAll(async () => {
    const program = await createProgram({ terminal: quiet, environment: {}, end: () => undefined });
    verbs = program.commands.map((command) => command.name());
  });

  it.each(pages)('%s names only scripts that there are', (page) => {
    const used = [...text(page).matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name);
    expect(used.filter((name) => !(name in scripts))).toEqual([]);
  });

  it.each(pages)('%s names only verbs that ferry has', (page) => {
    const code = [...text(page).matchAll(/```(?:sh)?\n(.*?)^```|`([^`\n]+)`/gms)].map(
      ([, block, inline]) => block ?? inline ?? '',
    );
    const used = code.flatMap((one) =>
      [...one.matchAll(/(?:^|npx |npm run )ferry (?:-- )?([a-z][\w-]*)/gm)].map(([, verb = '']) => verb),
    );
    expect(used.filter((verb) => !verbs.includes(verb))).toEqual([]);
  });

  it.each(pages)('%s has only links that lead somewhere', (page) => {
    const links = [...text(page).matchAll(/\]\((?!\w+:)([^)\s]+)\)/g)].map(([, link = '']) => link);
    const broken = links.filter((link) => {
      const [path = '', anchor] = link.split('#');
      const file = path === '' ? page : relative(root, join(root, dirname(page), path));
      if (!existsSync(join(root, file))) return true;
      return anchor !== undefined && !anchors(file).has(anchor);
    });
    expect(broken).toEqual([]);
  });
});

/** What GitHub makes of headings. */
function anchors(page: string): Set<string> {
  return new Set(
    [...text(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(/\s/g, '-'),
    ),
  );
}
