import { createHash } from 'node:crypto';
import type { Migration } from '../migration/file.js';
import { oneLine } from '../migration/foreign-text.js';
import { nextCommand } from '../migration/next-command.js';
import type { Telling } from '../migration/telling.js';
import { tellingEvents } from '../migration/told.js';

/** What somebody is told, whatever way. Every text is one line in which nothing acts on who reads it. */
export interface Notice {
  /** The same for each try to tell it, and for nothing else. */
  id: string;
  event: Telling['event'];
  /** When it came to be, ISO 8601. */
  since: string;
  migration: string;
  workflowId: string;
  strategy: string;
  source: string;
  target: string;
  step: string | null;
  /** `orders waits for you: Producers write to the target only`. */
  headline: string;
  sentence: string;
  todo: string | null;
  /** The one command to send. */
  command: string | null;
  /** Where the web UI shows the migration. */
  link: string | null;
  /** 0: it is new. */
  reminder: number;
  teams: string[];
}

export function noticeOf(
  workflowId: string,
  migration: Migration,
  telling: Telling,
  link: string | undefined,
): Notice {
  const { event, step, title, occurrence, reminder, since, sentence, todo, next } = telling;
  const { name, strategy, source, target } = migration;
  const again = reminder > 0 ? `, reminder ${reminder}` : '';
  const about = title === '' ? '' : `: ${title}`;
  return {
    id: idOf([workflowId, event, step ?? '', occurrence, String(reminder)]),
    ...{ event, since, migration: name, workflowId, strategy, step, reminder },
    ...{ source: oneLine(source), target: oneLine(target) },
    headline: oneLine(`${name} ${tellingEvents[event]}${again}${about}`),
    sentence: oneLine(sentence),
    todo: todo === null ? null : oneLine(todo),
    command: next === null ? null : oneLine(nextCommand(name, next)),
    link: link ?? null,
    teams: [
      ...new Set([
        ...(migration.team === undefined ? [] : [migration.team]),
        ...(migration.notify?.teams ?? []),
      ]),
    ],
  };
}

/** By what whoever is told knows it again: opaque, and without the full stop that a signature divides by. */
export const idOf = (parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);

/** The lines of a message for people, the headline first. */
export function linesOf({ headline, sentence, todo, command, link }: Notice): string[] {
  return [
    headline,
    sentence,
    ...(todo === null ? [] : [`To do: ${todo}`]),
    ...(command === null ? [] : [`Then send: ${command}`]),
    ...(link === null ? [] : [link]),
  ];
}
