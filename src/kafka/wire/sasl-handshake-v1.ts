import { api } from './api.js';

export interface SaslHandshakeResponse {
  code: number;
  /** Those that the broker offers on this port. */
  mechanisms: string[];
}

/*
  SaslHandshake Request (Version: 1) => mechanism
    mechanism => STRING

  SaslHandshake Response (Version: 1) => error_code [mechanisms]
    error_code => INT16
    mechanisms => STRING
*/
export const saslHandshakeV1 = api<string, SaslHandshakeResponse>(
  ['SaslHandshake', 17, 1],
  (mechanism, writer) => writer.appendString(mechanism, false),
  (r) => ({
    code: r.readInt16(),
    mechanisms: r.readArray(() => r.readString(false), false, false),
  }),
  { flexible: false },
);
