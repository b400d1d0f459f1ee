import { setMaxListeners } from 'node:events';
import { z } from 'zod';
import { isFerryError } from '../migration/errors.js';
import type { RegistryConnection } from './registry-connection.js';
import { RegistryHttp, type Answer, type Request } from './http.js';
import { isAbsent, isUnknownCall, refusal } from './refusal.js';
import type { Registry } from './registry.js';
import type { Schema } from './schema.js';

export type { RegistryConnection };

const id = z.int().min(0).max(0x7fff_ffff);
const names = z.array(z.string());
const numbers = z.array(z.int());
/** What holds a schema: Avro is what has no type. Registries answer `null` as well as nothing for what is not there. */
const schemaShape = z.looseObject({
  schema: z.string(),
  schemaType: z.string().nullish(),
  references: z.array(z.object({ name: z.string(), subject: z.string(), version: z.int() })).nullish(),
  metadata: z.unknown().optional(),
  ruleSet: z.unknown().optional(),
});
const versionShape = schemaShape.extend({ subject: z.string(), version: z.int(), id });
const registered = z.object({ id });
const found = z.object({ id, version: z.int() });
const usesShape = z.array(z.looseObject({ subject: z.string() }));
const levelShape = z.object({ compatibilityLevel: z.string() });
const modeShape = z.object({ mode: z.string() });
const healthShape = z.looseObject({ schema_registry_ready: z.boolean() });
const anything = z.unknown();

/** A registry by its name and how to reach it. Nothing is sent before the first question. */
export function openRegistry(name: string, connection: RegistryConnection): Registry {
  return registryOver(name, new RegistryHttp(name, connection), {});
}

interface View {
  signal?: AbortSignal;
  context?: string;
}

/**
 * Contexts as Confluent's registry has them: a subject is called `:.context:subject`, an id is that of a context, which
 * `subject=:.context:` names, and so is a level or a mode.
 */
function registryOver(registry: string, http: RegistryHttp, view: View): Registry {
  const { signal, context } = view;
  const name = context === undefined ? registry : `${registry}:${context}`;
  const prefix = context === undefined ? '' : `:${context}:`;
  /** What a schema refers to may be in another context. */
  const inFull = (subject: string): string =>
    prefix === '' || isInFull(subject) ? subject : `${prefix}${subject}`;
  const inContext = (subject: string): string =>
    prefix !== '' && subject.startsWith(prefix) ? subject.slice(prefix.length) : subject;
  const part = (subject: string): string => encodeURIComponent(inFull(subject));
  const pathOf = (subject: string): string => `/subjects/${part(subject)}`;
  const query = (given: Record<string, string | boolean>): string => {
    const all = Object.entries(given).filter(([, value]) => value !== '' && value !== false);
    return all.length === 0
      ? ''
      : `?${all.map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`).join('&')}`;
  };
  const ask = (request: Omit<Request, 'signal'>) => http.ask({ ...request, signal });

  const take = <T>(shape: z.ZodType<T>, { json }: Answer, action: string): T => {
    const read = shape.safeParse(json);
    if (!read.success) throw http.nonsense(action);
    return read.data;
  };

  /** What must succeed. */
  const must = async <T>(
    shape: z.ZodType<T>,
    about: string,
    request: Omit<Request, 'signal'>,
  ): Promise<T> => {
    const answer = await ask(request);
    if (answer.status >= 300) throw refusal(name, request.action, about, answer);
    return take(shape, answer, request.action);
  };

  /** What may not be there. */
  const may = async <T>(
    shape: z.ZodType<T>,
    about: string,
    request: Omit<Request, 'signal'>,
  ): Promise<T | undefined> => {
    const answer = await ask(request);
    if (isAbsent(answer)) return undefined;
    if (answer.status >= 300) throw refusal(name, request.action, about, answer);
    return take(shape, answer, request.action);
  };

  /** Modes are the part that many registries do not have: a call that is not known means none. */
  const modeAt = async (path: string, action: string): Promise<string | undefined> => {
    const answer = await ask({ method: 'GET', path, action });
    if (isAbsent(answer) || isUnknownCall(answer)) return undefined;
    if (answer.status >= 300) throw refusal(name, action, 'the mode', answer);
    return take(modeShape, answer, action).mode;
  };

  return {
    name,
    until: (until) => {
      // Each request under way listens to it, and there are many.
      setMaxListeners(0, until);
      return registryOver(registry, http, { ...view, signal: until });
    },
    inContext: (of) => registryOver(registry, http, { ...view, context: of }),

    contexts: async () => {
      const action = 'list its contexts';
      const answer = await ask({ method: 'GET', path: '/contexts', action });
      if (isUnknownCall(answer) || isAbsent(answer)) return undefined;
      if (answer.status >= 300) throw refusal(name, action, 'list of contexts', answer);
      const usual = ['.', ''];
      return take(names, answer, action)
        .map((one) => one.replace(/^:|:$/g, ''))
        .filter((one) => !usual.includes(one));
    },

    subjects: async ({ deleted = false } = {}) => {
      const listed = await must(names, 'list of subjects', {
        method: 'GET',
        path: `/subjects${query({ deleted, subjectPrefix: prefix })}`,
        action: 'list its subjects',
      });
      return listed.filter((subject) => subject.startsWith(prefix)).map(inContext);
    },

    versions: async (subject, { deleted = false } = {}) => {
      const listed = await may(numbers, `subject ${subject}`, {
        method: 'GET',
        path: `${pathOf(subject)}/versions${query({ deleted })}`,
        action: `list the versions of ${subject}`,
      });
      return (listed ?? []).toSorted((one, other) => one - other);
    },

    version: async (subject, version) => {
      const action = `show ${subject} version ${version}`;
      const there = await may(versionShape, `${subject} version ${version}`, {
        method: 'GET',
        path: `${pathOf(subject)}/versions/${version}?deleted=true`,
        action,
      });
      if (!there) return undefined;
      // Whoever answers about something else than was asked would have it copied under a wrong name.
      if (inContext(there.subject) !== inContext(subject) || there.version !== version)
        throw http.nonsense(action);
      return { ...schemaOf(there), subject, version, id: there.id };
    },

    byId: async (asked) => {
      const there = await may(schemaShape, `schema with id ${asked}`, {
        method: 'GET',
        path: `/schemas/ids/${asked}${query({ subject: prefix })}`,
        action: `show the schema with id ${asked}`,
      });
      return there && schemaOf(there);
    },

    byGuid: async (guid) => {
      const action = 'show a schema by its GUID';
      const answer = await ask({ method: 'GET', path: `/schemas/guids/${encodeURIComponent(guid)}`, action });
      if (isAbsent(answer) || isUnknownCall(answer)) return undefined;
      if (answer.status >= 300) throw refusal(name, action, 'schema with that GUID', answer);
      return schemaOf(take(schemaShape, answer, action));
    },

    subjectsOf: async (asked) => {
      const action = `tell the subjects of id ${asked}`;
      const path = `/schemas/ids/${asked}/versions${query({ subject: prefix })}`;
      const answer = await ask({ method: 'GET', path, action });
      if (isAbsent(answer) || isUnknownCall(answer)) return [];
      if (answer.status >= 300) throw refusal(name, action, `id ${asked}`, answer);
      return [...new Set(take(usesShape, answer, action).map(({ subject }) => inContext(subject)))];
    },

    maxId: async (known) => {
      const there = await may(z.looseObject({ maxId: id.nullish() }), `schema with id ${known}`, {
        method: 'GET',
        path: `/schemas/ids/${known}${query({ fetchMaxId: true, subject: prefix })}`,
        action: 'tell its highest id',
      });
      return there?.maxId ?? undefined;
    },

    find: (subject, schema) =>
      may(found, `subject ${subject}`, {
        method: 'POST',
        path: pathOf(subject),
        body: bodyOf(schema),
        action: `look for a schema in ${subject}`,
      }),

    register: async (subject, schema, as) => {
      const about = as ? `${subject} version ${as.version}` : `the schema for ${subject}`;
      const answer = await must(registered, about, {
        method: 'POST',
        path: `${pathOf(subject)}/versions`,
        body: { ...bodyOf(schema), ...as },
        action: `register a schema for ${subject}`,
      });
      return answer.id;
    },

    deleteVersion: async (subject, version, { permanent = false } = {}) => {
      await may(anything, `${subject} version ${version}`, {
        method: 'DELETE',
        path: `${pathOf(subject)}/versions/${version}${query({ permanent })}`,
        action: `delete ${subject} version ${version}`,
      });
    },

    deleteSubject: async (subject, { permanent = false } = {}) => {
      await may(anything, `subject ${subject}`, {
        method: 'DELETE',
        path: `${pathOf(subject)}${query({ permanent })}`,
        action: `delete ${subject}`,
      });
    },

    globalCompatibility: async () => {
      const own =
        prefix === ''
          ? undefined
          : await may(levelShape, 'compatibility level', {
              method: 'GET',
              path: `/config/${part('')}`,
              action: 'tell its compatibility level',
            });
      if (own) return own.compatibilityLevel;
      const { compatibilityLevel } = await must(levelShape, 'compatibility level', {
        method: 'GET',
        path: '/config',
        action: 'tell its compatibility level',
      });
      return compatibilityLevel;
    },

    compatibility: async (subject) => {
      const level = await may(levelShape, `compatibility level of ${subject}`, {
        method: 'GET',
        path: `/config/${part(subject)}`,
        action: `tell the compatibility level of ${subject}`,
      });
      return level?.compatibilityLevel;
    },

    setCompatibility: async (subject, compatibility) => {
      await must(anything, `subject ${subject}`, {
        method: 'PUT',
        path: `/config/${part(subject)}`,
        body: { compatibility },
        action: `set the compatibility level of ${subject}`,
      });
    },

    clearCompatibility: async (subject) => {
      await may(anything, `subject ${subject}`, {
        method: 'DELETE',
        path: `/config/${part(subject)}`,
        action: `clear the compatibility level of ${subject}`,
      });
    },

    mode: (subject) => modeAt(`/mode/${part(subject)}`, `tell the mode of ${subject}`),
    globalMode: async () =>
      (prefix === '' ? undefined : await modeAt(`/mode/${part('')}`, 'tell its mode')) ??
      modeAt('/mode', 'tell its mode'),

    setMode: async (subject, mode, { force = false } = {}) => {
      await must(anything, subject, {
        method: 'PUT',
        path: `/mode/${part(subject)}${query({ force })}`,
        body: { mode },
        action: `set the mode of ${subject}`,
      });
    },

    clearMode: async (subject) => {
      await may(anything, subject, {
        method: 'DELETE',
        path: `/mode/${part(subject)}`,
        action: `clear the mode of ${subject}`,
      });
    },

    ready: async () => {
      try {
        const { status, json } = await ask({ method: 'GET', path: '/_health', action: 'tell its health' });
        const told = healthShape.safeParse(json);
        return status < 300 && told.success ? told.data.schema_registry_ready : undefined;
      } catch (error) {
        // Whoever has no such page answers with whatever a web server has.
        if (!isFerryError(error) || error.type === 'Unreachable') throw error;
        return undefined;
      }
    },

    requests: () => http.requests(),
    close: () => http.close(),
  };
}

/** Whether a name tells its context, to a registry that has some. */
export const isInFull = (subject: string): boolean => subject.startsWith(':.');

function schemaOf({
  schema,
  schemaType,
  references,
  metadata,
  ruleSet,
}: z.output<typeof schemaShape>): Schema {
  const extras = Object.fromEntries(
    Object.entries({ metadata, ruleSet }).filter(([, value]) => value !== undefined && value !== null),
  );
  return {
    type: schemaType ?? 'AVRO',
    text: schema,
    references: references ?? [],
    ...(Object.keys(extras).length > 0 && { extras }),
  };
}

/** Older registries know no type but Avro and no references: what is usual is left out. */
function bodyOf({ type, text, references, extras }: Schema): Record<string, unknown> {
  return {
    schema: text,
    ...(type !== 'AVRO' && { schemaType: type }),
    ...(references.length > 0 && { references }),
    ...extras,
  };
}
