import { z } from 'zod';
import { registryCopyId } from './messages.js';
import type { Shown } from './state.js';
import { stepKind } from './strategies.js';

/** The type of the workflow that copies a whole registry. */
export const registryCopyType = 'schemas';

const name = z
  .string({ error: 'expected the name of a registry in ferry.yaml' })
  .min(1, { error: 'expected the name of a registry in ferry.yaml' });

const registryCopy = z
  .strictObject(
    {
      /** Names of registries in `ferry.yaml`. */
      from: name,
      to: name,
      /** Which subjects, `*` for any characters; all without it. */
      subjects: z.string({ error: 'expected a text' }).min(1, { error: 'expected a text' }).optional(),
      /** How far beyond the source's ids the target goes on to give its own. */
      idDistance: z
        .int({ error: 'expected a number of ids' })
        .min(1, { error: 'expected a number of ids' })
        .max(1_000_000_000, { error: 'expected a number of ids' })
        .optional(),
    },
    { error: 'expected an object with from and to' },
  )
  .refine(({ from, to }) => from !== to, { error: 'expected two registries', path: ['to'] });

export type RegistryCopy = z.output<typeof registryCopy>;

/** What is wrong with it, each with its place, or the copy. */
export function readRegistryCopy(input: unknown): { copy?: RegistryCopy; mistakes: string[] } {
  const read = registryCopy.safeParse(input);
  if (read.success) return { copy: read.data, mistakes: [] };
  return {
    mistakes: read.error.issues.map(({ path, message, code, ...issue }) =>
      code === 'unrecognized_keys' && 'keys' in issue
        ? `${issue.keys.join(', ')}: not a key of this`
        : [path.join('.'), message].filter((part) => part !== '').join(': '),
    ),
  };
}

/** The whole state of such a copy: it has one step, and is shown as a migration is. */
export function newRegistryCopy({ from, to }: RegistryCopy, at: string): Shown {
  const id = 'copySchemas';
  return {
    migration: { name: registryCopyId(from, to), strategy: registryCopyType, source: from, target: to },
    startedAt: at,
    steps: [{ id, title: stepKind(id).title, status: 'pending', evidence: [] }],
    paused: null,
    abort: null,
    decision: null,
    accepted: [],
    refused: [],
    facts: {},
    outcome: null,
  };
}
