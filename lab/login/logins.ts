import type { ClusterName } from '../principals.js';

/** How the ferry may log in, beside what everybody else does. */
export const labLogins = ['oauth', 'kerberos'] as const;
export type LabLogin = (typeof labLogins)[number];
export type LabLogins = Partial<Record<ClusterName, LabLogin>>;

/** One way for both clusters, or each its own. */
export function loginsOf(login: LabLogin | LabLogins | undefined): LabLogins {
  return typeof login === 'string' ? { source: login, target: login } : (login ?? {});
}

export const anyLogsInBy = (logins: LabLogins, way: LabLogin): boolean => Object.values(logins).includes(way);
