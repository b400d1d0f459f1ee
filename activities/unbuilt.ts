import { FerryError } from '../src/migration/errors.js';
import type { Activities } from '../src/migration/work.js';

const refuse = (what: string) => async (): Promise<never> => {
  throw new FerryError('Unsupported', `This version of the ferry cannot ${what} yet.`);
};

/** What is promised to workflows and not built yet: one line goes with each part that lands, the file with the last. */
export const unbuilt = {
  watchParity: refuse('compare both clusters record by record'),
} satisfies Partial<Activities>;
