import { globbed } from '../../src/migration/glob.js';
import { createHash } from 'node:crypto';
import { standing, type Finding } from '../../src/migration/findings.js';
import type { RegistryCopy } from '../../src/migration/registry-copy.js';
import type { RegistryWork } from '../../src/migration/work/schemas.js';
import { leaveAll } from '../../src/registry/import-mode.js';
import { isInFull } from '../../src/registry/open.js';
import type { Registry } from '../../src/registry/registry.js';
import type { Attempt } from '../kit/attempt.js';
import type { Dependencies } from '../kit/dependencies.js';
import { grouped } from '../../src/migration/grouped.js';
import { asking, blocking } from '../kit/weights.js';
import { count, listed } from '../kit/wording.js';
import { compareRegistries, copyRegistry, readLog, type Copied, type CopyInput } from './schema-copy.js';
import { isOwnSubject, ownSubjects } from './schema-subjects.js';
import { restoreLevels } from './schema-write.js';
import { sayCopied, sayLeft } from './schema-wording.js';

export interface WholeInput {
  source: Registry;
  target: Registry;
  copy: RegistryCopy;
  accepted: readonly string[];
}

export function wholeInput(
  { registries }: Pick<Dependencies, 'registries'>,
  { copy, accepted = [] }: RegistryWork,
): WholeInput {
  return { source: registries(copy.from), target: registries(copy.to), copy, accepted };
}

/** What is copied by itself: a context has ids of its own. */
interface Part {
  /** `undefined`: the usual one. */
  context: string | undefined;
  input: CopyInput;
}

/** What a copy of a whole registry would do. Changes nothing. */
export interface WholePlan {
  findings: Finding[];
  /** All versions that the target is to have, and of those the ones that it has not. */
  versions: number;
  register: number;
  subjects: number;
  softDelete: number;
  levels: number;
}

/** @returns every finding by itself: a person reads them as `gathered` */
export async function planWhole(input: WholeInput): Promise<WholePlan> {
  const { parts, findings } = await partsOf(input);
  const sum = { versions: 0, register: 0, subjects: 0, softDelete: 0, levels: 0 };
  const found: Finding[] = [...findings];
  for (const { context, input: part } of parts) {
    const { plan } = await compareRegistries(part);
    found.push(...inContext(plan.findings, context));
    sum.versions += plan.wanted.length;
    sum.register += plan.register.length;
    sum.subjects += new Set(plan.wanted.map(({ subject }) => subject)).size;
    sum.softDelete += plan.softDelete.length;
    sum.levels += plan.levels.length;
  }
  return { ...sum, findings: found };
}

/**
 * Copies all subjects, or those of a name, with every id looked for on the target before. Nothing is written while a finding
 * of any context stands. What is there already is compared and left.
 */
export async function copyWhole(
  given: WholeInput,
  attempt: Attempt,
): Promise<{ findings: Finding[]; sentence: string; data?: unknown }> {
  const input = bound(given, attempt.signal);
  attempt.says(`Lists the subjects of ${input.source.name}.`);
  const { parts, findings } = await partsOf(input);
  // An acceptance of what was gathered is one of each of what it was gathered from, as long as that is the same.
  const before =
    parts.length > 1 || input.accepted.some(isGathered) ? await findingsOf(parts, findings) : findings;
  const accepted = acceptedOf(before, input.accepted);
  if (standing(before, accepted).length > 0) return nothing(before, given);
  const all: Finding[] = [...findings];
  const sum: Pick<Copied, 'way' | 'registered' | 'deleted' | 'versions'> = {
    way: 'none',
    registered: 0,
    deleted: 0,
    versions: 0,
  };
  const subjects = new Set<string>();
  for (const { context, input: part } of parts) {
    const copied = await copyRegistry({ ...part, accepted: outside(accepted, context) }, attempt);
    all.push(...inContext(copied.findings, context));
    if (!copied.complete) return nothing(all, given);
    sum.registered += copied.registered;
    sum.deleted += copied.deleted;
    sum.versions += copied.versions;
    if (copied.way !== 'none') sum.way = copied.way;
    for (const subject of part.moves.subjects) subjects.add(`${context ?? ''}${subject}`);
  }
  return {
    // What was accepted as one of many is not asked about again.
    findings: gathered(all.filter(({ key }) => !accepted.includes(key) || input.accepted.includes(key))),
    sentence: sayCopied(sum, input),
    data: { ...sum, subjects: subjects.size },
  };
}

/** Takes all of it out of import mode, and puts back levels that were lifted. What needs the source comes last. */
export async function leaveWhole(given: WholeInput, attempt: Attempt): Promise<{ sentence: string }> {
  const { source, target, copy } = bound(given, attempt.signal);
  attempt.says(`Takes ${target.name} out of import mode.`);
  const left: string[] = [];
  const restored: string[] = [];
  const hasModes = (await target.globalMode()) !== undefined;
  const leaveIn = async (from: Registry, to: Registry): Promise<void> => {
    const there = await subjectsIn(to, copy);
    if (hasModes) left.push(...(await leaveAll(to, [...there, ownSubjects.beyond(from.name)])));
    const ofSource = (await subjectsIn(from, copy)).filter((subject) => !there.includes(subject));
    if (hasModes) left.push(...(await leaveAll(to, ofSource)));
    const global = await from.globalCompatibility();
    restored.push(
      ...(await restoreLevels(to, [...there, ownSubjects.reserve], async (subject) =>
        subject === ownSubjects.reserve ? undefined : ((await from.compatibility(subject)) ?? global),
      )),
    );
  };
  await leaveIn(source, target);
  if ((await target.contexts()) !== undefined)
    for (const context of (await source.contexts()) ?? [])
      await leaveIn(source.inContext(context), target.inContext(context));
  return { sentence: sayLeft(target, { left, hasModes, restored }) };
}

function bound(input: WholeInput, signal: AbortSignal): WholeInput {
  return { ...input, source: input.source.until(signal), target: input.target.until(signal) };
}

function nothing(findings: readonly Finding[], { target, accepted }: WholeInput) {
  const shown = gathered(findings);
  return {
    findings: shown,
    sentence: `Nothing was registered on ${target.name}: ${count(standing(shown, accepted).length, 'finding')} to be mended or accepted first.`,
  };
}

async function partsOf({ source, target, copy, accepted }: WholeInput): Promise<{
  parts: Part[];
  findings: Finding[];
}> {
  // A list of a registry that still reads its log is none.
  await readLog(source);
  const [from, to] = [await source.contexts(), await target.contexts()];
  const findings: Finding[] = [];
  const part = (context: string | undefined, subjects: string[]): Part => ({
    context,
    input: {
      source: context === undefined ? source : source.inContext(context),
      target: context === undefined ? target : target.inContext(context),
      moves: {
        subjects,
        named: false,
        none: `${source.name} shows no subject${copy.subjects === undefined ? '' : ` called ${copy.subjects}`}: see that it is the right one and has read its log, or accept that there is nothing to copy.`,
        rename: (subject) => subject,
      },
      ids: 'keep',
      everyId: true,
      ...(copy.idDistance !== undefined && { idDistance: copy.idDistance }),
      accepted,
    },
  });
  const all = await subjectsIn(source, copy);
  const usual = from === undefined ? all : all.filter((subject) => !isInFull(subject));
  const inFull = usual.filter(isInFull);
  if (inFull.length > 0 && to !== undefined)
    findings.push(
      blocking(
        'schema-context-taken',
        `${listed(inFull, 3)} on ${source.name}, which has no contexts, would be in a context of ${target.name}, with other ids: copy other subjects (--subjects), or use a registry without contexts.`,
      ),
    );
  const parts: Part[] = [];
  for (const context of from ?? []) {
    const subjects = await subjectsIn(source.inContext(context), copy);
    if (subjects.length === 0) continue;
    if (to !== undefined) parts.push(part(context, subjects));
    else
      findings.push(
        asking(
          `schema-context:${context}`,
          `${source.name} has ${count(subjects.length, 'subject')} in context ${context} (${listed(subjects, 3)}), and ${target.name} has no contexts: accept that they are not copied, or use a registry that has.`,
        ),
      );
  }
  if (usual.length > 0 || parts.length === 0) parts.unshift(part(undefined, usual));
  return { parts, findings };
}

/** Those of the copy in one context. What the ferry has made for itself is none. */
async function subjectsIn(registry: Registry, { subjects }: RegistryCopy): Promise<string[]> {
  const wanted = subjects === undefined ? undefined : globbed(subjects);
  return (await registry.subjects({ deleted: true })).filter(
    (subject) => !isOwnSubject(subject) && (wanted?.test(subject) ?? true),
  );
}

async function findingsOf(parts: readonly Part[], findings: readonly Finding[]): Promise<Finding[]> {
  const all = [...findings];
  for (const { context, input } of parts)
    all.push(...inContext((await compareRegistries(input)).plan.findings, context));
  return all;
}

/** The same id may be bound in each context, so a key says in which. */
const inContext = (findings: readonly Finding[], context: string | undefined): Finding[] =>
  findings.map((finding) =>
    context === undefined ? finding : { ...finding, key: `${finding.key} in ${context}` },
  );

const outside = (keys: readonly string[], context: string | undefined): string[] =>
  keys.flatMap((key) =>
    context === undefined
      ? [key]
      : key.endsWith(` in ${context}`)
        ? [key.slice(0, -` in ${context}`.length)]
        : [],
  );

/** A registry may have thousands of versions that a rule has something to say of: so many are said one by one. */
const mostOfARule = 50;
const isGathered = (key: string): boolean => /:all-\d+-[0-9a-f]+$/.test(key);
const ruleOf = ({ key, weight }: Finding): string => `${weight} ${key.split(':')[0] ?? ''}`;

/** What there is too much of becomes one finding, whose key is good for just these. */
export function gathered(findings: readonly Finding[]): Finding[] {
  return [...grouped(findings, ruleOf).values()].flatMap((ofRule) => {
    const [first] = ofRule;
    return first && ofRule.length > mostOfARule
      ? [
          {
            ...first,
            key: keyOfAll(ofRule),
            sentence: `${first.sentence} (And ${ofRule.length - 1} more of the same kind: ferry schemas copy --dry-run --json names them.)`,
          },
        ]
      : ofRule;
  });
}

function keyOfAll(ofRule: readonly Finding[]): string {
  const keys = ofRule.map(({ key }) => key).sort();
  const digest = createHash('sha256').update(keys.join('\n')).digest('hex').slice(0, 12);
  return `${keys[0]?.split(':')[0] ?? ''}:all-${keys.length}-${digest}`;
}

/** With each key that was accepted as one of many. */
function acceptedOf(findings: readonly Finding[], accepted: readonly string[]): string[] {
  const many = [...grouped(findings, ruleOf).values()].filter((ofRule) =>
    accepted.includes(keyOfAll(ofRule)),
  );
  return [...accepted, ...many.flat().map(({ key }) => key)];
}
