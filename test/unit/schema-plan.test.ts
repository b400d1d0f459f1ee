import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { countingSlots, mostPlaceholders, openSlots } from '../../activities/schemas/schema-counting.js';
import { planSchemas } from '../../activities/schemas/schema-plan.js';
import { subjectMoves } from '../../activities/schemas/schema-subjects.js';
import type { TargetView } from '../../activities/schemas/schema-target.js';
import { parseMigration } from '../../src/migration/file.js';
import { referenceLoop, registrationOrder } from '../../src/registry/order.js';
import { versionKey, type SchemaVersion } from '../../src/registry/schema.js';
import type { Snapshot } from '../../src/registry/snapshot.js';
import { avro } from '../registry/schemas.js';

/** Any history that a registry can hold: ids with holes and repeats, gaps in versions, references to what was there. */
const histories = fc
  .array(
    fc.record({
      subject: fc.constantFrom('a-value', 'b-value', 'c-value'),
      idStep: fc.integer({ min: 0, max: 3 }),
      gap: fc.integer({ min: 0, max: 1 }),
      deleted: fc.boolean(),
      refers: fc.option(fc.nat()),
    }),
    { maxLength: 20 },
  )
  .map((steps) => {
    const versions: SchemaVersion[] = [];
    let last = 0;
    for (const { subject, idStep, gap, deleted, refers } of steps) {
      const own = versions.filter((one) => one.subject === subject);
      const repeats = versions.find(({ id }) => id === last);
      const again = idStep === 0 && repeats && !own.some(({ id }) => id === last);
      if (!again) last += Math.max(1, idStep);
      const to = refers === null || again ? undefined : versions[refers % Math.max(1, versions.length)];
      versions.push({
        ...(again ? repeats : avro(`S${last}`)),
        ...(!again && {
          references: to ? [{ name: 'r', subject: to.subject, version: to.version }] : [],
        }),
        subject,
        version: (own.at(-1)?.version ?? 0) + 1 + gap,
        id: last,
        deleted,
      });
    }
    return versions;
  });

const snapshot = (versions: readonly SchemaVersion[]): Snapshot => ({
  versions,
  compatibility: Object.fromEntries(versions.map(({ subject }) => [subject, 'BACKWARD'])),
  absent: [],
  unreadable: [],
  broken: [],
  maxId: Math.max(0, ...versions.map(({ id }) => id)),
  maxIdTold: true,
});

const view = (versions: readonly SchemaVersion[], more: Partial<TargetView> = {}): TargetView => ({
  name: 'target',
  versions,
  ids: new Map(versions.map((version) => [version.id, version])),
  compatibility: {},
  modes: {},
  hasModes: true,
  others: [],
  maxId: Math.max(0, ...versions.map(({ id }) => id)),
  reserved: 0,
  globalMode: 'READWRITE',
  isKarapace: true,
  ...more,
});

const moves = { subjects: ['a-value'], named: true, rename: (subject: string) => subject };
const plan = (from: readonly SchemaVersion[], target: TargetView) =>
  planSchemas({ source: snapshot(from), sourceName: 'source', target, moves, ids: 'keep' });

describe('the order of registration', () => {
  it('has all of them once, each after what it refers to and after the version before it', () => {
    fc.assert(
      fc.property(histories, fc.func(fc.nat()), (versions, shuffle) => {
        const order = registrationOrder(versions.toSorted((one, other) => shuffle(one) - shuffle(other)));
        expect(new Set(order)).toEqual(new Set(versions));
        const place = new Map(order.map((version, index) => [versionKey(version), index]));
        order.forEach((version, index) => {
          for (const reference of version.references)
            expect(place.get(versionKey(reference))).toBeLessThan(index);
          for (const other of order.slice(index))
            if (other.subject === version.subject)
              expect(other.version).toBeGreaterThanOrEqual(version.version);
        });
        expect(referenceLoop(versions)).toBeUndefined();
      }),
    );
  });
});

describe('a plan', () => {
  it('for an empty target registers all, and for a full one nothing', () => {
    fc.assert(
      fc.property(histories, (versions) => {
        const empty = plan(versions, view([]));
        expect(empty.findings.filter(({ weight }) => weight !== 'notes')).toEqual([]);
        expect(empty.register).toHaveLength(versions.length);
        expect(empty.softDelete).toHaveLength(versions.filter(({ deleted }) => deleted).length);
        const full = plan(versions, view(versions));
        expect(full.findings.filter(({ weight }) => weight !== 'notes')).toEqual([]);
        expect([...full.register, ...full.softDelete]).toEqual([]);
      }),
    );
  });

  it('goes on where a copy was lost: whatever is there of it, the rest is left to do', () => {
    fc.assert(
      fc.property(histories, fc.nat(), (versions, lost) => {
        const order = registrationOrder(versions);
        const done = order
          .slice(0, lost % (order.length + 1))
          .map((version) => ({ ...version, deleted: false }));
        const rest = plan(versions, view(done));
        expect(rest.findings.filter(({ weight }) => weight !== 'notes')).toEqual([]);
        expect(rest.register).toEqual(order.slice(done.length));
        expect(rest.softDelete).toHaveLength(versions.filter(({ deleted }) => deleted).length);
      }),
    );
  });

  it('never registers an id that the target has for something else', () => {
    fc.assert(
      fc.property(histories, fc.integer({ min: 1, max: 30 }), (versions, id) => {
        const taken = { ...avro('Foreign'), subject: 'foreign', version: 1, id, deleted: false };
        const made = plan(versions, view([], { ids: new Map([[id, taken]]) }));
        const hit = versions.some((version) => version.id === id);
        expect(made.findings.map(({ key }) => key).includes(`schema-id-taken:${id}`)).toBe(hit);
        expect(made.register.some((version) => version.id === id)).toBe(false);
      }),
    );
  });

  it('has the target give ids far beyond the source once, and again when the source comes near', () => {
    const [version] = [{ ...avro('A'), subject: 'a-value', version: 1, id: 3, deleted: false }];
    const reserve = (maxId: number, target: TargetView, idDistance?: number) =>
      planSchemas({
        source: { ...snapshot([version]), maxId },
        sourceName: 'source',
        target,
        moves,
        ids: 'keep',
        ...(idDistance !== undefined && { idDistance }),
      }).reserve;
    expect(reserve(9, view([]))).toBe(1_000_009);
    expect(reserve(9, view([], { maxId: 20 }), 5_000)).toBe(5_020);
    expect(reserve(9, view([version], { reserved: 5_009 }), 5_000)).toBeUndefined();
    expect(reserve(2_509, view([version], { reserved: 5_009 }), 5_000)).toBeUndefined();
    expect(reserve(2_510, view([version], { reserved: 5_009 }), 5_000)).toBe(7_510);
    // Nothing is copied, or it cannot be said: nothing is reserved.
    expect(reserve(9, view([version]))).toBeUndefined();
    expect(reserve(9, view([], { hasModes: false }))).toBeUndefined();
    expect(reserve(2_147_000_000, view([]))).toBe(2_147_483_647);
  });
});

describe('a registry that counts', () => {
  it('gives each version its id and number, or is refused before anything is written', () => {
    fc.assert(
      fc.property(histories, fc.nat({ max: 5 }), (versions, more) => {
        const maxId = Math.max(0, ...versions.map(({ id }) => id)) + more;
        const { slots, findings } = countingSlots(registrationOrder(versions), maxId, 'target');
        if (findings.length > 0) return;
        let last = 0;
        const given = new Map<string, number>();
        for (const slot of slots) {
          const { subject } = slot.kind === 'version' ? slot.version : slot;
          given.set(subject, (given.get(subject) ?? 0) + 1);
          const known = slot.kind === 'version' && slot.id <= last;
          if (!known) last++;
          if (!known) expect(slot.id).toBe(last);
          if (slot.kind === 'version') expect(given.get(subject)).toBe(slot.version.version);
        }
        expect(last).toBe(maxId);
        const versionSlots = slots.filter(({ kind }) => kind === 'version');
        expect(versionSlots).toHaveLength(versions.length);
        expect(openSlots(slots, versions, 0)).toEqual(slots);
        expect(openSlots(slots, [], maxId)).toEqual([]);
      }),
    );
  });

  it('is not filled with thousands of placeholders', () => {
    const far = { ...avro('A'), subject: 'a', version: 1, id: mostPlaceholders + 2, deleted: false };
    expect(countingSlots([far], far.id, 'target').findings).toMatchObject([
      { key: 'schema-id-gap', weight: 'blocks' },
    ]);
  });

  it('cannot give a lower id after a higher one, nor a number that nothing stands in for', () => {
    const at = (subject: string, version: number, id: number): SchemaVersion => ({
      ...avro(`${subject}${id}`),
      subject,
      version,
      id,
      deleted: false,
    });
    expect(countingSlots([at('a', 1, 2), at('a', 2, 1)], 2, 'target').findings).toMatchObject([
      { key: 'schema-id-order:a version 2' },
    ]);
    expect(countingSlots([at('a', 1, 1), at('a', 3, 2)], 2, 'target').findings).toMatchObject([
      { key: 'schema-version-gap:a version 3' },
    ]);
  });
});

describe('the subjects of a migration', () => {
  const migration = (schemas: object) =>
    parseMigration({
      name: 'a',
      strategy: 'advancedMirroring',
      mirror: 'engine',
      source: 's',
      target: 't',
      topics: [{ name: 'orders', newName: 'shop.orders' }, { name: 'audit' }],
      schemas: { source: 'a', target: 'b', ...schemas },
    }).migration!;

  it('are those of its topics, and follow a topic that gets a new name', () => {
    const { subjects, named, rename } = subjectMoves(migration({}));
    expect(subjects).toEqual(['orders-key', 'orders-value', 'audit-key', 'audit-value']);
    expect(named).toBe(false);
    expect(subjects.map(rename)).toEqual([
      'shop.orders-key',
      'shop.orders-value',
      'audit-key',
      'audit-value',
    ]);
    expect(rename('orders-com.example.Order')).toBe('orders-com.example.Order');
  });

  it('are those that it names', () => {
    const { subjects, named, rename } = subjectMoves(
      migration({ subjects: ['orders-value', 'com.example.Order'] }),
    );
    expect(subjects.map(rename)).toEqual(['shop.orders-value', 'com.example.Order']);
    expect(named).toBe(true);
  });
});
