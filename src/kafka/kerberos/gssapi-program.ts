import type { GssAnswer, GssRequest } from './gssapi-messages.js';

// A program, which is one end of `gssapi-process.ts`. Kerberos is a library in C that takes its settings from the environment of
// the process and waits for a KDC as long as it likes.

/** What is used of the npm package `kerberos`. Not its own types: where it could not be built there are none. */
interface Kerberos {
  readonly GSS_MECH_OID_KRB5: number;
  initializeClient(service: string, options: { mechOID: number; principal?: string }): Promise<Client>;
}

interface Client {
  readonly contextComplete: boolean;
  step(challenge: string): Promise<string | null>;
  wrap(message: string): Promise<string | null>;
  unwrap(message: string): Promise<string | null>;
}

const packageName: string = 'kerberos';
/** Nobody has come back to a context that is so old: its broker was not reached. */
const forgottenAfterMs = 300_000;

const contexts = new Map<number, { client: Client; begun: number }>();

async function answerTo(request: GssRequest): Promise<Omit<GssAnswer, 'id'>> {
  if (request.call === 'end') {
    contexts.delete(request.context);
    return {};
  }
  const kerberos = await load();
  if (!kerberos) return { missing: true };
  if (request.call === 'begin') {
    const { service, principal, context } = request;
    const client = await kerberos.initializeClient(service, {
      mechOID: kerberos.GSS_MECH_OID_KRB5,
      ...(principal !== undefined && { principal }),
    });
    const bytes = (await client.step('')) ?? '';
    for (const [id, { begun }] of contexts)
      if (performance.now() - begun > forgottenAfterMs) contexts.delete(id);
    contexts.set(context, { client, begun: performance.now() });
    return { bytes };
  }
  const { client } = contexts.get(request.context) ?? {};
  if (!client) return { failure: 'no such context' };
  switch (request.call) {
    case 'next':
      return { bytes: (await client.step(request.bytes)) ?? '', complete: client.contextComplete };
    case 'unwrap':
      return { bytes: (await client.unwrap(request.bytes)) ?? '' };
    case 'wrap':
      return { bytes: (await client.wrap(request.bytes)) ?? '' };
  }
}

async function load(): Promise<Kerberos | undefined> {
  try {
    return ((await import(packageName)) as { default: Kerberos }).default;
  } catch {
    return undefined;
  }
}

process.on('message', (request: GssRequest) => {
  void answerTo(request)
    .catch((error: unknown) => ({ failure: error instanceof Error ? error.message : 'unknown' }))
    .then((answer) => process.send?.({ id: request.id, ...answer }));
});
// Whoever asks is gone. An orderly end would wait for what waits for a KDC.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
