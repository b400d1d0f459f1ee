import { z } from 'zod';

/**
 * Tables by the name of a topic, group or subject, as plain JSON. Every name is possible, also `__proto__` and `constructor`: a
 * plain object answers those with what all objects have, and takes the first for an order to change itself.
 */
export type ByName<T> = Record<string, T>;

/** What stands in the table under exactly this name. */
export const under = <T>(table: Readonly<ByName<T>> | undefined, name: string): T | undefined =>
  table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;

/** A table to write into, with what another holds. It has nothing that was not put into it. */
export const tableWith = <T>(other: Readonly<ByName<T>> = {}): ByName<T> =>
  Object.assign(Object.create(null) as ByName<T>, other);

/** Of a note or a carry, which comes from outside: zod's own record leaves `__proto__` out. */
export const tableOf = <T>(value: z.ZodType<T>) =>
  z.custom<ByName<T>>(
    (table) =>
      typeof table === 'object' &&
      table !== null &&
      !Array.isArray(table) &&
      Object.values(table).every((one) => value.safeParse(one).success),
  );
