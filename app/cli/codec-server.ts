import { once } from 'node:events';
import type { Command } from 'commander';
import { openCodec } from '../codec/open.js';
import { everybody, whoHasToken, whoMayAtTemporal } from '../codec/may-read.js';
import { serveCodec } from '../codec/server.js';
import type { Config } from '../config/config.js';
import { badInput, exitCodes } from './failure.js';
import { addVerb, configured, run, type CommonOptions, type Surroundings } from './verb.js';

export function addCodecServer(program: Command, surroundings: Surroundings): void {
  addVerb(
    program,
    'codec-server',
    "Let the web UI and Temporal's command line read and write payloads that temporal.codec encodes, until SIGTERM or SIGINT.",
    'ferry codec-server --config ferry.yaml',
  ).action((options: CommonOptions) =>
    run(surroundings, options, async () => {
      const config = configured(surroundings, options, true, true);
      const { codecServer, temporal } = config;
      if (temporal.codec === undefined)
        throw badInput('There is no temporal.codec in ferry.yaml, so payloads are readable as they are.');
      if (codecServer === undefined)
        throw badInput('Say in codecServer of ferry.yaml where to listen, and who may ask.');
      const codec = await openCodec(temporal.codec);
      const allowed = allowedBy(config, codecServer);
      const { address, origins, tls } = codecServer;
      const server = await serveCodec(codec, { address, origins, tls, mayRead: allowed.mayRead });
      const where = `http${tls ? 's' : ''}://${address.replace(/:0$/, `:${server.port}`)}`;
      surroundings.terminal.print(
        options.json ? JSON.stringify({ listening: where }) : `Encodes and decodes payloads at ${where}`,
      );
      await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
      await Promise.all([server.close(), allowed.close()]);
      return exitCodes.done;
    }),
  );
}

function allowedBy({ temporal }: Config, { authorization, token }: NonNullable<Config['codecServer']>) {
  if (authorization === 'temporal') return whoMayAtTemporal(temporal);
  const mayRead = authorization === 'token' ? whoHasToken(token ?? '') : everybody;
  return { mayRead, close: async () => undefined };
}
