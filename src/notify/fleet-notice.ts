import type { Migration } from '../migration/file.js';
import type { FleetTelling } from '../migration/fleet-telling.js';
import { oneLine } from '../migration/foreign-text.js';
import { fleetCommand } from '../migration/next-command.js';
import { againText, idOf, teamsOf, type FleetNotice } from './notice.js';

export function fleetNoticeOf(
  workflowId: string,
  fleet: Pick<Migration, 'name' | 'team' | 'notify'>,
  telling: FleetTelling,
  link: string | undefined,
): FleetNotice {
  const { event, wave, reminder, since, sentence, todo } = telling;
  const { name } = fleet;
  return {
    id: idOf([workflowId, event, wave, since, String(reminder)]),
    ...{ event, since, fleet: name, wave, workflowId, reminder },
    headline: oneLine(`fleet ${name} asks${againText(reminder)}: ${wave} waits for approval`),
    sentence: oneLine(sentence),
    todo: oneLine(todo),
    command: oneLine(fleetCommand(name, 'waveApproved', { wave })),
    link: link ?? null,
    teams: teamsOf(fleet),
  };
}
