import type { IHeaders } from 'kafkajs';

/** A message as its producer made it. */
export interface Message {
  producer: string;
  number: number;
  key: number;
  /** Per producer and key, from 1. A message of an aborted transaction leaves a gap. */
  sequence: number;
}

export interface Encoded {
  key: string;
  value: string;
  headers?: Record<string, string>;
}

const ID_HEADER = 'ledger-id';
const PRODUCER_HEADER = 'ledger-producer';

/** @param bytes the length that a shorter value is filled up to. */
export function encode(message: Message, bytes: number, headers: boolean): Encoded {
  const { producer, number, sequence } = message;
  const id = `${producer}:${number}`;
  const key = `k${message.key}`;
  const text = JSON.stringify({ id, producer, key, sequence, sentAt: Date.now(), fill: '' });
  const value = `${text.slice(0, -2)}${'.'.repeat(Math.max(0, bytes - text.length))}"}`;
  return headers ? { key, value, headers: { [ID_HEADER]: id, [PRODUCER_HEADER]: producer } } : { key, value };
}

/**
 * What a consumer received; undefined when no ledger producer wrote it. The key is the record's own, so that one lost or
 * changed on the way differs from what the producer noted; -1 when it is none of a ledger's, or a header is changed.
 */
export function decode(record: {
  key: Buffer | null;
  value: Buffer | null;
  headers?: IHeaders | undefined;
}): Message | undefined {
  const body = parse(record.value);
  if (!body) return undefined;
  const number = Number(body.id.slice(body.id.lastIndexOf(':') + 1));
  const key = /^k(\d+)$/.exec(record.key?.toString() ?? '')?.[1];
  const header = record.headers?.[ID_HEADER];
  const intact = header === undefined || header.toString() === body.id;
  return {
    producer: body.producer,
    number,
    key: key !== undefined && intact ? Number(key) : -1,
    sequence: body.sequence,
  };
}

function parse(value: Buffer | null): { id: string; producer: string; sequence: number } | undefined {
  try {
    const body = JSON.parse(value?.toString() ?? '') as {
      id?: unknown;
      producer?: unknown;
      sequence?: unknown;
    } | null;
    const { id, producer, sequence } = body ?? {};
    if (typeof id !== 'string' || typeof producer !== 'string' || typeof sequence !== 'number')
      return undefined;
    return /:[1-9]\d*$/.test(id) ? { id, producer, sequence } : undefined;
  } catch {
    return undefined;
  }
}
