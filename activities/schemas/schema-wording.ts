import { count, listed } from '../kit/wording.js';
import type { Copied } from './schema-copy.js';

const ways = {
  none: '',
  import: ' with their ids, in import mode',
  counted: ' with their ids, in the order of ids',
  appended: '',
} as const satisfies Record<Copied['way'], string>;

export function sayCopied(
  { way, registered, deleted, versions }: Pick<Copied, 'way' | 'registered' | 'deleted' | 'versions'>,
  { target }: { target: { name: string } },
): string {
  const there = versions - registered;
  return [
    registered > 0
      ? `${count(registered, 'schema version')} registered on ${target.name}${ways[way]}.`
      : `No schema version had to be registered on ${target.name}.`,
    ...(there > 0 ? [`${count(there, 'version')} there already, compared.`] : []),
    ...(deleted > 0 ? [`${count(deleted, 'version')} deleted there as on the source.`] : []),
  ].join(' ');
}

export function sayLeft(
  { name }: { name: string },
  { left, hasModes, restored }: { left: string[]; hasModes: boolean; restored: string[] },
): string {
  return [
    left.length > 0
      ? `${listed(left)} on ${name} taken out of import mode.`
      : hasModes
        ? `Nothing on ${name} is in import mode.`
        : `${name} has no import mode to leave.`,
    ...(restored.length > 0 ? [`The compatibility of ${listed(restored)} is as on the source again.`] : []),
  ].join(' ');
}
