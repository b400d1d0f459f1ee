import type { Migration } from '../migration/file.js';
import { isAddress } from './address.js';
import { unknownTeams, type NotifySettings } from './targets.js';

/**
 * Whom a migration file names and this `ferry.yaml` does not know, in a sentence each with a key. Workers may read another,
 * so it is no mistake of the file.
 *
 * @param settings absent: it has no `notify`
 */
export function untold(
  settings: NotifySettings | undefined,
  { notify, team: owner }: Pick<Migration, 'notify' | 'team'>,
): { key: string; sentence: string }[] {
  const teams = settings?.teams ?? {};
  // An owner is named for lists too: where nobody is told by team, that is all it is for.
  const owners = owner !== undefined && Object.keys(teams).length > 0 ? [owner] : [];
  const unknown = unknownTeams(teams, [...new Set([...(notify?.teams ?? []), ...owners])]);
  const mails = (notify?.addresses ?? []).filter(isAddress);
  return [
    ...unknown.map((team) => ({
      key: `team-unknown:${team}`,
      sentence: `This ferry.yaml has no team ${team} under notify.teams: nobody is told for it, unless the ferry.yaml of the workers has it.`,
    })),
    ...(mails.length > 0 && !settings?.mail
      ? [
          {
            key: 'mail-unknown',
            sentence: `This ferry.yaml names no mail server under notify.mail: the addresses in the file get no mail, unless the ferry.yaml of the workers has one.`,
          },
        ]
      : []),
  ];
}
