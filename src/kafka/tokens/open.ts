import { tokensOfMsk } from './msk-tokens.js';
import { tokensOfEndpoint } from './token-endpoint.js';
import { tokensOfFile } from './token-file.js';
import type { Tokens } from './token.js';
import type { TokenOrigin } from './token-origin.js';

/** The tokens for a cluster; nothing is asked for before the first login. */
export function openTokens(cluster: string, origin: TokenOrigin): Tokens {
  switch (origin.from) {
    case 'endpoint':
      return tokensOfEndpoint(cluster, origin);
    case 'file':
      return tokensOfFile(cluster, origin);
    case 'msk':
      return tokensOfMsk(cluster, origin);
  }
}
