import { api } from './api.js';

export interface SaslAuthenticateResponse {
  code: number;
  message: string | null;
  /** What the mechanism says next. */
  bytes: Buffer;
  /** After how long the broker closes the connection unless it was authenticated again (KIP-368); 0: never. */
  sessionLifetimeMs: bigint;
}

/*
  SaslAuthenticate Request (Version: 2) => auth_bytes TAG_BUFFER
    auth_bytes => COMPACT_BYTES

  SaslAuthenticate Response (Version: 2) => error_code error_message auth_bytes session_lifetime_ms TAG_BUFFER
    error_code => INT16
    error_message => COMPACT_NULLABLE_STRING
    auth_bytes => COMPACT_BYTES
    session_lifetime_ms => INT64
*/
export const saslAuthenticateV2 = api<Buffer, SaslAuthenticateResponse>(
  ['SaslAuthenticate', 36, 2],
  (bytes, writer) => writer.appendBytes(bytes).appendTaggedFields(),
  (r) => ({
    code: r.readInt16(),
    message: r.readNullableString(),
    bytes: r.readBytes(),
    sessionLifetimeMs: r.readInt64(),
  }),
);
