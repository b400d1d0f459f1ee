/** A bearer token and until when it is good. */
export interface Token {
  readonly value: string;
  /** Epoch ms by this machine's clock; absent: it does not say. */
  readonly endsAt?: number;
}

/** Where tokens come from. */
export interface Tokens {
  /** How a sentence calls it: `the token endpoint login.example.com`. */
  readonly origin: string;
  /** One that is still good. @throws FerryError one sentence, without any part of a token */
  current(): Promise<Token>;
  /** A broker refused this one: it is not given again. */
  refused(token: Token): void;
  close(): void;
}

/** RFC 6750, 2.1. Anything else could not be told from what stands around it in SASL's message. */
const bearer = /^[A-Za-z0-9\-._~+/]+=*$/;

export const isBearerToken = (text: string): boolean => bearer.test(text);

/** What a JSON Web Token says of itself (RFC 7519), unverified: good for words and times, never for trust. */
export interface Claims {
  readonly audience?: readonly string[];
  /** Epoch ms. */
  readonly endsAt?: number;
}

/** `undefined`: the token is opaque. */
export function claimsOf(token: string): Claims | undefined {
  const [, payload, signature] = token.split('.');
  if (payload === undefined || signature === undefined) return undefined;
  let claims: unknown;
  try {
    claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof claims !== 'object' || claims === null) return undefined;
  const { aud, exp } = claims as Record<string, unknown>;
  const audience = (Array.isArray(aud) ? aud : [aud]).filter((one) => typeof one === 'string');
  return {
    ...(audience.length > 0 && { audience }),
    ...(typeof exp === 'number' && { endsAt: exp * 1000 }),
  };
}
