import { z } from 'zod';
import { parseRate } from './rate.js';
import { isHumanStep, stepKind, stepKinds, type HumanStepId } from './strategies.js';

/** The prefix of every workflow id: one execution per migration, so two strategies on one migration are impossible. */
export const workflowId = (name: string): string => `migrate/${name}`;
/** What is no migration is called as its workflow id is; no migration has a slash in its name. */
export const runId = (name: string): string =>
  isRegistryCopy(name) || isSurvey(name) ? name : workflowId(name);
export const registryCopyId = (from: string, to: string): string =>
  `schemas/${[from, to].map(encodeURIComponent).join('/')}`;
export const isRegistryCopy = (name: string): boolean => name.startsWith('schemas/');
/** There is one survey of a cluster at a time, by the name in `ferry.yaml`. */
export const surveyId = (cluster: string): string => `survey/${encodeURIComponent(cluster)}`;
export const isSurvey = (name: string): boolean => name.startsWith('survey/');
export const migrationName = (id: string): string => id.slice(workflowId('').length);

/** The query that answers `Status`. */
export const statusQuery = 'status';
/** The query that answers the migration as it is carried out, and the `Facts` that its steps hand to each other. */
export const factsQuery = 'facts';

const who = z
  .string({ error: 'by is a text: who says so' })
  .min(1, { error: 'by is empty: who says so?' })
  .max(200, { error: 'by is longer than 200 characters' });
const text = z
  .string({ error: 'note is a text' })
  .max(2000, { error: 'note is longer than 2000 characters' });
const override = z.strictObject(
  {
    reason: z
      .string({ error: 'override needs a reason' })
      .min(1, { error: 'override needs a reason' })
      .max(2000, { error: 'the reason is longer than 2000 characters' }),
  },
  { error: 'override is an object with a reason: {"override":{"reason":"…"}}' },
);

const claim = z.strictObject({
  by: who.optional(),
  note: text.optional(),
  /** One producer or group of several; `*` for all that are left. */
  name: z.string({ error: 'name is a text' }).min(1, { error: 'name is empty' }).optional(),
  /** The exact name of a topic. */
  topic: z.string({ error: 'topic is a text' }).min(1, { error: 'topic is empty' }).optional(),
  override: override.optional(),
});
const control = z.strictObject({ by: who.optional(), note: text.optional() });
/** The keys of findings that ask, as the status shows them; `*` for all that ask now. */
const accept = z
  .array(
    z.string({ error: 'accept holds keys of findings' }).min(1, { error: 'accept holds keys of findings' }),
    {
      error: 'accept is a list of keys of findings: {"accept":["KEY"]}',
    },
  )
  .min(1, { error: 'accept is empty: which findings are accepted?' });
const retry = z.strictObject({
  by: who.optional(),
  note: text.optional(),
  accept: accept.optional(),
  override: override.optional(),
});
const amend = z.strictObject({
  by: who.optional(),
  note: text.optional(),
  /** The whole migration file, as JSON. */
  file: z.unknown().optional(),
});

const throttle = z.strictObject({
  by: who.optional(),
  note: text.optional(),
  /** `null`: as the file says. */
  rate: z
    .union([z.number(), z.string(), z.null()])
    .transform((rate, context) => {
      if (rate === null) return null;
      const bytes = parseRate(rate);
      if (bytes !== null) return bytes;
      context.addIssue({
        code: 'custom',
        message: 'rate is one such as 20MB/s, at least 1024 bytes a second',
      });
      return z.NEVER;
    })
    .optional(),
});

export type Claim = z.output<typeof claim>;
export type Control = z.output<typeof retry> & z.output<typeof amend> & z.output<typeof throttle>;

/** What a person may do to any migration, at any time. */
export const controls = {
  pause: 'Stop at the next safe point and wait for resume.',
  resume: 'Go on after pause; what was checked before is checked again.',
  retry:
    'Try the blocked step again. With {"by":"…","accept":["KEY"],"note":"…"}: accept what the check asks about, by the keys that the status shows; "accept":["*"] for all of it.',
  amend:
    'Change what can be changed while a migration runs. With {"by":"…","file":{…}}: the whole migration file as it is to be.',
  throttle:
    'Limit how fast the mirror copies, also while it does. With {"by":"…","rate":"20MB/s"}; "rate":null for as the file says.',
  skip: 'Leave the step out, where that is safe.',
  abort:
    'Stop for good: take back what the migration made, as long as no producer has written to the target.',
} as const;

export type ControlName = keyof typeof controls;
export type MessageName = HumanStepId | ControlName;

/** Every human step, as signal and as update, with the words that the web UI lists. */
export const humanSteps = Object.keys(stepKinds).filter(isHumanStep);

export const isMessageName = (text: string): text is MessageName =>
  Object.hasOwn(controls, text) || isHumanStep(text);

export function messageDescription(name: MessageName): string {
  if (!isHumanStep(name)) return controls[name];
  const kind = stepKind(name);
  return `${kind.title}. ${kind.ask ?? ''} Example: ${examples[name] ?? '{"by":"ann"}'}`;
}

/** Of the messages that need more than a name. */
const examples: Partial<Record<HumanStepId, string>> = {
  teamApproved: '{"by":"ann","note":"the pause that we had last time cost too much"}',
  deletionApproved: '{"by":"ann","topic":"orders"}',
};

function read<T>(
  schema: z.ZodType<T>,
  name: string,
  input: unknown,
): { value: T; mistake?: undefined } | { mistake: string; value?: undefined } {
  const parsed = schema.safeParse(input ?? {});
  if (parsed.success) return { value: parsed.data };
  const told = parsed.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? `${issue.keys.join(', ')} is not a key of ${name}`
      : issue.path.length === 0 && issue.code === 'invalid_type'
        ? `${name} takes one JSON object, for example {"by":"ann"}`
        : issue.message,
  );
  return { mistake: told.join('; ') };
}

const controlShapes: Partial<Record<ControlName, z.ZodType<Control>>> = { retry, amend, throttle };

export const readClaim = (name: HumanStepId, input: unknown) => read<Claim>(claim, name, input);
export const readControl = (name: ControlName, input: unknown) =>
  read<Control>(controlShapes[name] ?? control, name, input);
/** Who says it, and why: all that a survey is told. */
export const readWord = (name: string, input: unknown) => read(control, name, input);
