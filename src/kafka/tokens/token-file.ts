import { readFile } from 'node:fs/promises';
import { FerryError } from '../../migration/errors.js';
import { claimsOf, isBearerToken, type Token, type Tokens } from './token.js';
import type { TokenFile } from './token-origin.js';

/** The token in a file, read anew for each login: whoever replaces it tells nobody. */
export function tokensOfFile(cluster: string, { path }: TokenFile): Tokens {
  const origin = `the token file ${path}`;
  const fail = (type: 'Unreachable' | 'Unauthenticated', what: string) =>
    new FerryError(type, `The token file ${path} for cluster "${cluster}" ${what}`);
  return {
    origin,
    async current(): Promise<Token> {
      const value = (
        await readFile(path, 'utf8').catch(({ code }: NodeJS.ErrnoException) => {
          throw code === 'ENOENT'
            ? // It is away for a moment while it is replaced by hand.
              fail('Unreachable', 'is not there: see that whatever writes it runs.')
            : fail('Unauthenticated', `cannot be read (${code ?? 'unknown'}): check its rights.`);
        })
      ).trim();
      if (value === '') throw fail('Unreachable', 'is empty: see that whatever writes it runs.');
      if (!isBearerToken(value))
        throw fail('Unauthenticated', 'holds something else than one bearer token: see what writes it.');
      const endsAt = claimsOf(value)?.endsAt;
      if (endsAt !== undefined && endsAt <= Date.now())
        throw fail(
          'Unauthenticated',
          `holds a token that ended at ${new Date(endsAt).toISOString()}: see that whatever replaces it runs, and that the clocks agree.`,
        );
      return { value, ...(endsAt !== undefined && { endsAt }) };
    },
    // The file may hold another by now, and nobody else can give one.
    refused: () => undefined,
    close: () => undefined,
  };
}
