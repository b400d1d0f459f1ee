import { copyRegistry, type CopyInput } from '../activities/schemas/schema-copy.js';
import { LabError } from '../lab/lab.js';
import { type RegistryDouble, startRegistryDouble } from '../lab/registry-double/server.js';
import { openRegistry } from '../src/registry/open.js';
import { rounded, table } from './report.js';
import { copySequentially } from './sequential-copy.js';
import type { Say } from './stage.js';

/** Each answer takes at least as long, ms: a registry that is one network away and writes to a topic. */
export const latencyMs = 5;
const versionsPerSubject = 10;
/** Every fourth subject is Protobuf and refers to one that all of these share. */
const protobufEvery = 4;
/** Of each subject one version is soft-deleted. */
const deletedVersion = 3;

export interface SchemasRow {
  engine: 'ferry' | 'sequential';
  /** To both registries. */
  requests: number;
  seconds: number;
}

interface Schemas {
  versions: number;
  subjects: number;
  latencyMs: number;
  rows: SchemasRow[];
  /** The ferry once more, when all is there: everything is compared, and nothing written. */
  again: Omit<SchemasRow, 'engine'>;
  /** Seconds of the peer, divided by those of the ferry. */
  ratio: number;
}

/** Copies schema versions with references from one registry double to another, once by the ferry and once by its peer. */
export async function schemas(versions: number, say: Say): Promise<Schemas> {
  const source = await startRegistryDouble({ delayMs: latencyMs });
  const targets = [
    await startRegistryDouble({ delayMs: latencyMs }),
    await startRegistryDouble({ delayMs: latencyMs }),
  ];
  const [ours, peers] = targets as [RegistryDouble, RegistryDouble];
  try {
    fill(source, versions);
    const subjects = source.rules.listSubjects(true);
    say(`the peer copies ${versions} schema versions`);
    const sequential = await measured([source, peers], () => copySequentially(source.url, peers.url));
    say('the ferry does');
    const ferry = await measured([source, ours], () => byFerry(source, ours, subjects));
    say('the ferry looks again');
    const again = await measured([source, ours], () => byFerry(source, ours, subjects));
    if (held(ours) !== held(source) || held(peers) !== held(source))
      throw new LabError('A copy is not what it was made from.');
    return {
      versions,
      subjects: subjects.length,
      latencyMs,
      rows: [
        { engine: 'ferry', ...ferry },
        { engine: 'sequential', ...sequential },
      ],
      again,
      ratio: rounded(sequential.seconds / ferry.seconds, 1),
    };
  } finally {
    await Promise.all([source, ...targets].map((double) => double.close()));
  }
}

function fill({ rules }: RegistryDouble, versions: number): void {
  rules.setLevel(undefined, 'NONE');
  rules.register('common.proto', {
    schemaType: 'PROTOBUF',
    schema: 'syntax = "proto3"; message Common { int32 a = 1; }',
  });
  for (let made = 1; made < versions; made++) {
    const number = Math.floor((made - 1) / versionsPerSubject);
    const subject = `topic-${number}-value`;
    const name = `S${made}`;
    rules.register(
      subject,
      number % protobufEvery === 0
        ? {
            schemaType: 'PROTOBUF',
            schema: `syntax = "proto3"; import "common.proto"; message ${name} { Common c = 1; }`,
            references: [{ name: 'common.proto', subject: 'common.proto', version: 1 }],
          }
        : { schema: JSON.stringify({ type: 'record', name, fields: [{ name: 'a', type: 'string' }] }) },
    );
    if (made % versionsPerSubject === deletedVersion) rules.deleteVersion(subject, deletedVersion, false);
  }
  for (const subject of rules.listSubjects(true)) rules.setLevel(subject, 'FULL');
}

async function byFerry(from: RegistryDouble, to: RegistryDouble, subjects: readonly string[]): Promise<void> {
  const source = openRegistry('source', { url: from.url });
  const target = openRegistry('target', { url: to.url });
  try {
    const input: CopyInput = {
      source,
      target,
      moves: { subjects, named: true, rename: (subject) => subject },
      ids: 'keep',
      accepted: [],
    };
    const { complete } = await copyRegistry(input, {
      noted: undefined,
      note: async () => undefined,
      says: () => undefined,
      signal: new AbortController().signal,
    });
    if (!complete) throw new LabError('The plan of the copy has findings.');
  } finally {
    source.close();
    target.close();
  }
}

async function measured(
  registries: readonly RegistryDouble[],
  work: () => Promise<void>,
): Promise<Omit<SchemasRow, 'engine'>> {
  const sent = () => registries.reduce((all, { log }) => all + log.length, 0);
  const before = sent();
  const begun = performance.now();
  await work();
  return { requests: sent() - before, seconds: rounded((performance.now() - begun) / 1000) };
}

/** Everything but what stands for ids alone. */
function held({ rules }: RegistryDouble): string {
  const subjects = rules
    .listSubjects(true)
    .filter((subject) => subject.startsWith('topic-') || subject === 'common.proto');
  return JSON.stringify(
    subjects
      .sort()
      .map((subject) => [
        subject,
        rules.level(subject, true),
        rules.listVersions(subject, true).map((version) => rules.show(subject, version, true)),
        rules.listVersions(subject, false),
      ]),
  );
}

/** For a person. */
export function printSchemas({ versions, subjects, latencyMs, rows, again, ratio }: Schemas): string {
  return [
    `${versions} schema versions in ${subjects} subjects, copied with their ids; each answer takes at least ${latencyMs} ms.`,
    table(
      ['', 'requests', 'seconds'],
      [...rows, { engine: 'ferry, again', ...again }].map(({ engine, requests, seconds }) => [
        engine,
        String(requests),
        String(seconds),
      ]),
    ),
    `The ferry is ${ratio} times as fast as one request after the other.`,
  ].join('\n');
}
