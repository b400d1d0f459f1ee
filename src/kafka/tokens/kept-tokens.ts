import type { Token, Tokens } from './token.js';

/** Of a token's life, before it is replaced: the same part of it after which a connection proves anew who it is. */
const keptFor = 0.8;

/**
 * Asks for a token once for all connections of a cluster, and for the next one before that ends. One that does not say
 * when it ends serves a single round of logins.
 *
 * @param now epoch ms
 */
export function keptTokens(
  { origin, fetch, close }: { origin: string; fetch: () => Promise<Token>; close: () => void },
  now: () => number = Date.now,
): Tokens {
  let kept: { token: Token; until: number } | undefined;
  let underWay: Promise<Token> | undefined;

  const renew = async (): Promise<Token> => {
    const begun = now();
    try {
      const token = await fetch();
      kept =
        token.endsAt === undefined ? undefined : { token, until: begun + (token.endsAt - begun) * keptFor };
      return token;
    } catch (error) {
      // What was kept is good for a while yet: better than none.
      if (kept && kept.token.endsAt !== undefined && now() < kept.token.endsAt - spareMs) return kept.token;
      throw error;
    } finally {
      underWay = undefined;
    }
  };

  return {
    origin,
    close,
    current: async () => (kept && now() < kept.until ? kept.token : (underWay ??= renew())),
    refused(token) {
      if (kept?.token === token) kept = undefined;
    },
  };
}

/** Not worth a login: a broker's clock may be ahead by so much, and the session would end at once. */
const spareMs = 10_000;
