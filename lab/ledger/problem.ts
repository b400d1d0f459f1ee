import type { Connection, Side } from './settings.js';

/** Where it happened, for the sentence. */
export interface Place {
  side: Side;
  connection: Connection;
  /** What was tried: `write to the topic orders`. */
  attempt: string;
}

/** Answers that only a person can change: an ACL, a password, a certificate. */
export function needsPerson(error: unknown): boolean {
  return causes(error).some(
    ({ name, type }) => /AUTHORIZATION_FAILED|AUTHENTICATION/.test(type) || /SASL|NotImplemented/i.test(name),
  );
}

/** The broker has given up on this producer id: nothing more can be written with it (KIP-98, KIP-360). */
export function endsProducerId(error: unknown): boolean {
  return causes(error).some(({ type }) =>
    /^(OUT_OF_ORDER_SEQUENCE_NUMBER|UNKNOWN_PRODUCER_ID|INVALID_PRODUCER_EPOCH|INVALID_PRODUCER_ID_MAPPING|PRODUCER_FENCED|INVALID_TXN_STATE)$/.test(
      type,
    ),
  );
}

/** One sentence that names the cluster, what was tried, and why it failed. */
export function sentence(error: unknown, { side, connection, attempt }: Place): string {
  const found = causes(error);
  const why =
    found.find(({ type }) => type !== '')?.type ??
    found.at(-1)?.message.replace(/\s+/g, ' ').replace(/\.$/, '') ??
    'unknown';
  return `The ${side} (${connection.bootstrap.join(',')}) did not let ${connection.sasl?.username ?? 'the client'} ${attempt}: ${why}.`;
}

function causes(error: unknown): { name: string; type: string; message: string }[] {
  const found = [];
  for (let at = error, depth = 0; at instanceof Error && depth < 10; at = at.cause, depth++) {
    const { name, message } = at;
    const type = 'type' in at && typeof at.type === 'string' ? at.type : '';
    found.push({ name, type, message });
  }
  return found;
}
