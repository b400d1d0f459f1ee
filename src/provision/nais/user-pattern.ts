import { crc32 } from '@node-rs/crc32';
import type { Workload } from '../../migration/workload.js';

/**
 * The Aiven user pattern by which kafkarator writes an entry of a Topic into Aiven's ACLs: `TEAM_APP_HASH_*`. The users of an
 * application differ in what follows the last underscore. As liberator makes it (`ServiceUserNameWithSuffix`,
 * kafka.nais.io/v1), held by its own vectors.
 */
export function userPattern({ team, application }: Workload, suffix = '*'): string {
  const isPattern = team.includes('*') || application.includes('*');
  const hash = isPattern ? '*' : crc32(`${team}${application}`).toString(16).padStart(8, '0');
  return [shortened(team, 'team', 20), shortened(application, team, 30), hash, suffix].join('_');
}

function shortened(name: string, prefix: string, most: number): string {
  if (name.includes('*') && name.length <= most) return name;
  const bare = name.startsWith(prefix) && name !== prefix ? name.slice(prefix.length) : name;
  return bare.replace(/^-+/, '').slice(0, most).replace(/-+$/, '');
}
