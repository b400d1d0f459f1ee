import { formatDuration } from '../../src/migration/duration.js';
import type { Finding } from '../../src/migration/findings.js';
import { asking } from '../kit/weights.js';

/** An entry in which a difference changes which records a consumer gets, or in which order. */
export interface ConfigRule {
  name: string;
  /** Whether `there` gives less than `wanted`. */
  worse(wanted: string, there: string): boolean;
  consequence: string;
}

export const configRules: readonly ConfigRule[] = [
  {
    name: 'cleanup.policy',
    worse: (wanted, there) => policies(wanted) !== policies(there),
    consequence: 'it would remove other records than the source does',
  },
  {
    name: 'retention.ms',
    worse: (wanted, there) => limit(there) < limit(wanted),
    consequence: 'records would expire sooner than on the source',
  },
  {
    name: 'retention.bytes',
    worse: (wanted, there) => limit(there) < limit(wanted),
    consequence: 'records would expire sooner than on the source',
  },
  {
    name: 'max.message.bytes',
    worse: (wanted, there) => Number(there) < Number(wanted),
    consequence: 'messages that fit on the source would be refused',
  },
  {
    name: 'message.timestamp.type',
    worse: (wanted, there) => wanted !== there,
    consequence: 'consumers would see other timestamps',
  },
];

/** Retention acts only where the cleanup policy has `delete`. */
export function applies(rule: ConfigRule, cleanupPolicy: string | undefined): boolean {
  return !rule.name.startsWith('retention.') || policies(cleanupPolicy ?? 'delete').includes('delete');
}

/** The same value, though written otherwise: `compact,delete` and `delete,compact`. */
export function sameValue(name: string, one: string, other: string): boolean {
  return name === 'cleanup.policy' ? policies(one) === policies(other) : one === other;
}

/** A value that only the source's brokers give is not copied, so the target's own default may give less. */
export function defaultDiffers(
  topic: string,
  rule: ConfigRule,
  wanted: string,
  gets: string,
  target: string,
): Finding {
  return asking(
    `default-differs:${topic}:${rule.name}`,
    `${topic} has ${entryText(rule.name, wanted)} by default of the source's brokers and ${entryText(rule.name, gets)} by default of ${target}: ${rule.consequence}; say ${rule.name} under config in the file, or accept it.`,
  );
}

/** `retention.ms=604800000 (7d)`. */
export function entryText(name: string, value: string): string {
  const ms = name.endsWith('.ms') && /^\d{4,15}$/.test(value) ? ` (${formatDuration(Number(value))})` : '';
  return `${name}=${value}${ms}`;
}

function policies(text: string): string {
  return text
    .split(',')
    .map((one) => one.trim())
    .sort()
    .join(',');
}

/** −1 is "no limit". */
function limit(text: string): number {
  return Number(text) < 0 ? Infinity : Number(text);
}
