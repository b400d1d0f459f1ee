import type { Finding } from '../../src/migration/findings.js';
import { compareSchemas, type Difference } from '../../src/registry/canonical.js';
import { referredTo } from '../../src/registry/order.js';
import { versionKey, versionText, type Schema, type SchemaVersion } from '../../src/registry/schema.js';
import { grouped } from '../../src/migration/grouped.js';
import { asking, blocking } from '../kit/weights.js';
import { listed } from '../kit/wording.js';
import type { TargetView } from './schema-target.js';

/** What of the source's versions the target has, and what it lacks. */
export interface Compared {
  findings: Finding[];
  register: SchemaVersion[];
  softDelete: SchemaVersion[];
  /** Versions of the target that belong to something of the source. */
  matched: Set<SchemaVersion>;
  ids: Map<number, number>;
  numbers: Map<string, number>;
}

/** Each version under its number and its id. */
export function compareById(order: readonly SchemaVersion[], target: TargetView): Compared {
  const there = new Map(target.versions.map((version) => [versionKey(version), version]));
  const wanted = new Map(order.map((version) => [versionKey(version), version]));
  const result = emptyComparison();
  const taken = new Set<number>();
  for (const version of order) {
    const has = there.get(versionKey(version));
    if (has) {
      result.matched.add(has);
      const difference = compareSchemas(has, version, () => referredTo(version, wanted));
      if (difference.kind === 'other')
        result.findings.push(
          blocking(
            `schema-version-differs:${versionText(version)}`,
            `${versionText(version)} on ${target.name} is another schema than on the source: delete it there for good if nothing needs it, or use another registry.`,
          ),
        );
      else if (has.id !== version.id)
        result.findings.push(
          blocking(
            `schema-id-differs:${versionText(version)}`,
            `${versionText(version)} has id ${has.id} on ${target.name} and ${version.id} on the source, which is what records carry: delete it there for good if nothing needs it, or use another registry.`,
          ),
        );
      else {
        if (difference.kind === 'dropped')
          result.findings.push(rewritten(version, difference.what, target.name));
        result.ids.set(version.id, has.id);
        result.numbers.set(versionKey(version), has.version);
        if (version.deleted && !has.deleted) result.softDelete.unshift(version);
        if (!version.deleted && has.deleted)
          result.findings.push(
            asking(
              `schema-deleted-on-target:${versionText(version)}`,
              `${versionText(version)} is deleted on ${target.name} and not on the source: register it there again, or accept that it stays deleted.`,
            ),
          );
      }
      continue;
    }
    const holder = target.ids.get(version.id);
    if (holder && !sameContent(holder, version, wanted)) {
      if (!taken.has(version.id))
        result.findings.push(
          blocking(
            `schema-id-taken:${version.id}`,
            `Id ${version.id} (${versionText(version)} on the source) belongs to another schema on ${target.name}: records would be read by the wrong schema; use a registry in which the id is free.`,
          ),
        );
      taken.add(version.id);
      continue;
    }
    result.register.push(version);
    if (version.deleted) result.softDelete.unshift(version);
  }
  return result;
}

/** The same content in the same subject counts as there, whatever its number and id. */
export function compareByContent(order: readonly SchemaVersion[], target: TargetView): Compared {
  const bySubject = grouped(target.versions, ({ subject }) => subject);
  const wanted = new Map(order.map((version) => [versionKey(version), version]));
  const result = emptyComparison();
  for (const version of order) {
    const references = mappedReferences(version, result.numbers);
    const difference = new Map<SchemaVersion, Difference>();
    for (const one of bySubject.get(version.subject) ?? [])
      if (references && !result.matched.has(one))
        difference.set(
          one,
          compareSchemas(one, { ...version, references }, () => referredTo(version, wanted)),
        );
    const of = (kind: Difference['kind']) =>
      [...difference].flatMap(([one, is]) => (is.kind === kind ? [one] : []));
    const same = of('none').length > 0 ? of('none') : of('dropped');
    const has =
      same.find((one) => one.version === version.version) ?? same.find(({ deleted }) => !deleted) ?? same[0];
    if (!has || (has.deleted && !version.deleted)) {
      result.register.push(version);
      if (version.deleted) result.softDelete.unshift(version);
      continue;
    }
    const how = difference.get(has);
    if (how?.kind === 'dropped') result.findings.push(rewritten(version, how.what, target.name));
    result.matched.add(has);
    result.ids.set(version.id, has.id);
    result.numbers.set(versionKey(version), has.version);
    if (version.deleted && !has.deleted) result.softDelete.unshift(version);
  }
  return result;
}

/** References with the numbers that the target gave; `undefined` while it has not given all. */
export function mappedReferences(
  { references }: Schema,
  numbers: ReadonlyMap<string, number>,
): Schema['references'] | undefined {
  const mapped = references.map((reference) => ({
    ...reference,
    version: numbers.get(versionKey(reference)) ?? -1,
  }));
  return mapped.some(({ version }) => version < 0) ? undefined : mapped;
}

const emptyComparison = (): Compared => ({
  findings: [],
  register: [],
  softDelete: [],
  matched: new Set(),
  ids: new Map(),
  numbers: new Map(),
});

/** An id stands for a text; what it refers to may be told of another subject that holds the same. */
function sameContent(made: Schema, from: SchemaVersion, wanted: ReadonlyMap<string, SchemaVersion>): boolean {
  const references: Schema['references'] = [];
  return (
    compareSchemas({ ...made, references }, { ...from, references }, () => referredTo(from, wanted)).kind !==
    'other'
  );
}

/** The registry has written the schema down in its own way, and has left something out that no reader of records needs. */
function rewritten(version: SchemaVersion, what: readonly string[], target: string): Finding {
  return asking(
    `schema-rewritten:${versionText(version)}`,
    `${target} keeps ${versionText(version)} without ${listed(what, 5)}: accept it if nobody needs that, or use a registry that keeps schemas as they are.`,
  );
}
