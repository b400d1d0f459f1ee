import { HttpClient, parsedJson } from '../../http/client.js';
import { tlsTrouble } from '../../http/tls-trouble.js';
import { FerryError } from '../../migration/errors.js';
import { keptTokens } from './kept-tokens.js';
import { claimsOf, isBearerToken, type Token, type Tokens } from './token.js';
import type { TokenEndpoint } from './token-origin.js';

const timeoutMs = 10_000;

/** What an endpoint may say of a refusal (RFC 6749, 5.2, and 8707's `invalid_target`), and what to do about it. */
const refusals: Readonly<Record<string, string>> = {
  invalid_client: 'check clientId, the client secret, and how the client says who it is (authentication)',
  unauthorized_client: 'allow the client the client credentials grant there',
  invalid_scope: 'check scope',
  invalid_target: 'check audience',
  access_denied: 'check what the client is allowed there',
  invalid_request: 'check scope, audience and authentication',
  invalid_grant: 'allow the client the client credentials grant there',
  unsupported_grant_type: 'the client credentials grant has to be switched on there',
};

/** Tokens by the client credentials grant. Of an answer nothing is told but its status and a code that RFC 6749 knows. */
export function tokensOfEndpoint(cluster: string, endpoint: TokenEndpoint): Tokens {
  const { origin: base, pathname, search, host } = new URL(endpoint.url);
  const { clientId, clientSecret, authentication, scope, audience, tls } = endpoint;
  const http = new HttpClient(
    {
      url: base,
      ...(authentication === 'basic' && {
        login: { username: formEncoded(clientId), password: formEncoded(clientSecret) },
      }),
      ...(tls && { tls }),
    },
    { timeoutMs, atOnce: 1, mediaType: 'application/json' },
  );
  const fail = (type: 'Unreachable' | 'Unauthenticated', what: string) =>
    new FerryError(type, `The token endpoint ${host} for cluster "${cluster}" ${what}.`);

  const fetch = async (): Promise<Token> => {
    const askedAt = Date.now();
    const { status, text } = await http
      .send({
        method: 'POST',
        path: `${pathname}${search}`,
        form: {
          grant_type: 'client_credentials',
          ...(authentication === 'body' && { client_id: clientId, client_secret: clientSecret }),
          ...(scope !== undefined && { scope }),
          ...(audience !== undefined && { audience }),
        },
      })
      .catch((error: { code?: unknown }) => {
        const code = typeof error.code === 'string' ? error.code : 'connection closed';
        const trouble = tlsTrouble(code, tls);
        throw trouble === undefined
          ? fail('Unreachable', `did not answer (${code}): check its address and that it runs`)
          : fail('Unauthenticated', trouble);
      });
    const answer = parsedJson(text);
    const { access_token, token_type, expires_in, error } = (
      typeof answer === 'object' && answer !== null ? answer : {}
    ) as Record<string, unknown>;
    if (status >= 500 || status === 429 || status === 408)
      throw fail('Unreachable', `is not ready (HTTP ${status}): it is asked again`);
    if (status !== 200) {
      const code = typeof error === 'string' && Object.hasOwn(refusals, error) ? error : undefined;
      const advice = code === undefined ? undefined : refusals[code];
      throw fail(
        'Unauthenticated',
        advice === undefined
          ? `refused to give a token (HTTP ${status}): check its address, clientId, the client secret, scope and audience`
          : `refused to give a token (HTTP ${status}, ${code}): ${advice}`,
      );
    }
    if (typeof access_token !== 'string' || access_token === '')
      throw fail(
        'Unauthenticated',
        'answered without a token: check that the address is that of a token endpoint',
      );
    if (
      !isBearerToken(access_token) ||
      (typeof token_type === 'string' && token_type.toLowerCase() !== 'bearer')
    )
      throw fail('Unauthenticated', 'gave something else than a bearer token, and Kafka takes no other');
    const endsAt = endOf(expires_in, access_token, askedAt);
    if (endsAt !== undefined && endsAt <= Date.now())
      throw fail('Unauthenticated', 'gave a token that has ended already: check its clock and this one');
    return { value: access_token, ...(endsAt !== undefined && { endsAt }) };
  };

  return keptTokens({ origin: `the token endpoint ${host}`, fetch, close: () => http.close() });
}

/** `expires_in` is a time from now on, so no clock has to agree with another; some send it as text. */
function endOf(expiresIn: unknown, token: string, askedAt: number): number | undefined {
  const seconds = Number(expiresIn ?? undefined);
  return seconds > 0 ? askedAt + seconds * 1000 : claimsOf(token)?.endsAt;
}

/** RFC 6749, 2.3.1 and appendix B: before both go into a header, as a form would have them. */
function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}
