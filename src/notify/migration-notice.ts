import type { Migration } from '../migration/file.js';
import { oneLine } from '../migration/foreign-text.js';
import { nextCommand } from '../migration/next-command.js';
import type { Telling } from '../migration/telling.js';
import { tellingEvents } from '../migration/told.js';
import { againText, idOf, teamsOf, type MigrationNotice } from './notice.js';

export function noticeOf(
  workflowId: string,
  migration: Migration,
  telling: Telling,
  link: string | undefined,
): MigrationNotice {
  const { event, step, title, occurrence, reminder, since, sentence, todo, next } = telling;
  const { name, strategy, source, target } = migration;
  const about = title === '' ? '' : `: ${title}`;
  return {
    id: idOf([workflowId, event, step ?? '', occurrence, String(reminder)]),
    ...{ event, since, migration: name, workflowId, strategy, step, reminder },
    ...{ source: oneLine(source), target: oneLine(target) },
    headline: oneLine(`${name} ${tellingEvents[event]}${againText(reminder)}${about}`),
    sentence: oneLine(sentence),
    todo: todo === null ? null : oneLine(todo),
    command: next === null ? null : oneLine(nextCommand(name, next)),
    link: link ?? null,
    teams: teamsOf(migration),
  };
}
