import type { Account, AccountState } from '../../account/account.js';
import { formatDuration } from '../../migration/duration.js';

export const clock = (iso: string | null): string =>
  iso === null || iso === '' ? '' : `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;

/** By the first of them: what is said of all is no newer. */
export function writtenFrom(accounts: readonly Account[]): string {
  const [first = null] = accounts.map(({ readAt }) => readAt).sort();
  return `Written by kafka-ferry from what Temporal had kept at ${clock(first)} UTC.`;
}

/** From one moment to another, in few words: `2d3h`. */
export const lasted = (from: string | null, to: string | null): string =>
  from && to ? formatDuration(Math.max(0, Date.parse(to) - Date.parse(from))) : '';

/** How long it was in these states, ms. */
export const timeIn = ({ phases }: Account, states: readonly AccountState[]): number =>
  phases
    .filter(({ state }) => states.includes(state))
    .reduce((sum, { from, to }) => sum + Date.parse(to) - Date.parse(from), 0);

/** Of what is added up over runs, where the first are gone from Temporal. */
export function soLong({ gone }: Account, ms: number): string {
  if (gone.length === 0) return formatDuration(ms);
  return ms > 0 ? `at least ${formatDuration(ms)}` : 'not known';
}

/** How many steps lack their measurement. Only an end knows it of all of them. */
export function notVerified({ steps, unverified, outcome }: Account): string {
  const known = Math.max(steps.filter((step) => step.unverified !== null).length, unverified.length);
  if (outcome) return digits(known);
  return known > 0 ? `at least ${digits(known)}` : 'not known';
}

export const digits = (value: string | number | null): string =>
  value === null ? '' : String(value).replace(/\B(?=(\d{3})+$)/g, ',');

export const counted = (many: number, noun: string): string =>
  `${digits(many)} ${noun}${many === 1 ? '' : 's'}`;
