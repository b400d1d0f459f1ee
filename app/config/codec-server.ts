import { discreet } from './discreet.js';
import type { ConfigFile } from './schema.js';
import type { Files } from './values.js';

export interface CodecServerSettings {
  /** `host:port`. */
  address: string;
  origins: readonly string[];
  authorization: 'temporal' | 'token' | 'none';
  token?: string;
  tls?: { certificate: string; key: string };
}

export function codecServerSettings(
  section: ConfigFile['codecServer'],
  files: Files,
): { codecServer?: CodecServerSettings } {
  if (section === undefined) return {};
  const { token, tokenFile, tls, ...rest } = section;
  const secret = token ?? (tokenFile && files.secret(tokenFile, 'codecServer.tokenFile'));
  return {
    codecServer: discreet({
      ...rest,
      ...(secret !== undefined && { token: secret }),
      ...(tls && {
        tls: {
          certificate: files.text(tls.certificate, 'codecServer.tls.certificate'),
          key: files.text(tls.key, 'codecServer.tls.key'),
        },
      }),
    }),
  };
}
