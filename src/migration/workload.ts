import { z } from 'zod';

/** An application as NAIS knows it: it has no principal that a person could name, as its users change. */
export interface Workload {
  team: string;
  application: string;
}

const part = (what: string) => {
  const expected = { error: `expected the name of ${what}, as NAIS has it` };
  return z.string(expected).regex(/^[a-z0-9*]([a-z0-9*-]*[a-z0-9*])?$/, expected);
};

export const workloadShape = () =>
  z.strictObject({
    team: part('a team'),
    application: part('an application'),
  });

export const workloadText = ({ team, application }: Workload): string => `${team}/${application}`;
