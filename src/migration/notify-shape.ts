import { z } from 'zod';
import { parseDuration } from './duration.js';
import { aDuration, anObject, unique } from './shape-words.js';

/** Who owns the topics, or is told: by it lists are filtered, and `ferry.yaml` knows how to reach them. */
export const teamName = () =>
  z
    .string({ error: 'expected the name of a team' })
    .regex(/^\S(.{0,98}\S)?$/, { error: 'expected the name of a team, of up to 100 characters' });

/** As much of RFC 5321 as an address of a person has; what is more is for the mail server to refuse. */
const address = z
  .string({ error: 'expected an e-mail address' })
  .regex(/^[\w.!#$%&'*+/=?^{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/, {
    error: 'expected an e-mail address',
  })
  .max(254, { error: 'expected an e-mail address' });

/** Each costs a handful of events of history. */
const shortestReminderMs = 2 * 60 * 60_000;

const uniqueTexts = unique('name', (name: string) => name);

/** Whom a migration file has told, beside those of `ferry.yaml`. */
export const notifyShape = () =>
  z.strictObject(
    {
      teams: z
        .array(teamName(), { error: 'expected a list of teams' })
        .refine(uniqueTexts.check, { error: uniqueTexts.error })
        .default([]),
      addresses: z
        .array(address, { error: 'expected a list of e-mail addresses' })
        .max(50, { error: 'expected at most 50 addresses' })
        .default([]),
      remind: z
        .string(aDuration)
        .refine((text) => parseDuration(text) !== null, aDuration)
        .refine((text) => (parseDuration(text) ?? 0) >= shortestReminderMs, {
          error: 'expected a duration of at least 2h: a reminder is for who has forgotten',
        })
        .optional(),
    },
    anObject('teams, addresses and remind'),
  );
