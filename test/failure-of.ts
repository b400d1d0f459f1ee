import { FerryError } from '../src/migration/errors.js';

/** The failure of a call that has to fail, and as the ferry does. */
export async function failureOf(call: Promise<unknown>): Promise<FerryError> {
  const failure: unknown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure instanceof FerryError) return failure;
  throw new Error('expected a FerryError', { cause: failure });
}
