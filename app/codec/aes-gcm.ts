import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
// CommonJS whose names Node cannot see.
import proto from '@temporalio/proto';
import { z } from 'zod';
import { readKey } from './key.js';
import type { CodecFolder } from './codec-module.js';
import { FerryError } from '../../src/migration/errors.js';
import { named } from '../../src/migration/foreign-text.js';

const reference = z
  .strictObject({ file: z.string().min(1).optional(), value: z.string().min(1).optional() })
  .refine(({ file, value }) => (file === undefined) !== (value === undefined), {
    error: 'expected either file, or value as ${NAME} from the environment',
  });

const keyName = z.string().regex(/^[\w.-]{1,64}$/, {
  error: 'expected the id of a key: letters, digits, dots, hyphens; it stands beside each payload in clear',
});

/** What `temporal.codec.options` holds for this codec. */
export const aesGcmOptions = z
  .strictObject({ key: keyName, keys: z.record(keyName, reference) })
  .refine(({ key, keys }) => Object.hasOwn(keys, key), { error: 'expected key to be one of keys' });

const { Payload: PayloadProto } = proto.temporal.api.common.v1;

const encoding = 'binary/encrypted';
const cipher = 'AES/GCM/256';
const ivBytes = 12;
const tagBytes = 16;

/**
 * Encrypts every payload with AES-256-GCM: what the SDK would send, whole, with its metadata. The id of the key stands
 * beside it, so that a new key is taken up (`key`) while what was written with earlier ones (`keys`) is read as before.
 * A payload that is not encrypted is read as it is: that of a migration which was started before there was a codec.
 */
export class AesGcmCodec implements PayloadCodec {
  constructor(
    private readonly key: string,
    private readonly keys: ReadonlyMap<string, Buffer>,
  ) {}

  async encode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => this.#encrypted(payload));
  }

  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) =>
      text(payload.metadata?.['encoding']) === encoding ? this.#decrypted(payload) : payload,
    );
  }

  #encrypted(payload: Payload): Payload {
    // What was encrypted by somebody who asked the codec server is not encrypted again.
    if (text(payload.metadata?.['encoding']) === encoding) return payload;
    const key = this.keys.get(this.key);
    if (!key) throw unknownKey(this.key);
    const iv = randomBytes(ivBytes);
    const sealing = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(this.key));
    const plain = PayloadProto.encode(payload).finish();
    const data = Buffer.concat([iv, sealing.update(plain), sealing.final(), sealing.getAuthTag()]);
    return {
      metadata: {
        encoding: Buffer.from(encoding),
        'encryption-cipher': Buffer.from(cipher),
        'encryption-key-id': Buffer.from(this.key),
      },
      data,
    };
  }

  #decrypted({ metadata, data }: Payload): Payload {
    const id = text(metadata?.['encryption-key-id']);
    const key = this.keys.get(id);
    if (!key) throw unknownKey(id);
    const sealed = Buffer.from(data ?? []);
    if (sealed.length < ivBytes + tagBytes) throw damaged(id);
    const opening = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, ivBytes))
      .setAAD(Buffer.from(id))
      .setAuthTag(sealed.subarray(sealed.length - tagBytes));
    try {
      const plain = Buffer.concat([
        opening.update(sealed.subarray(ivBytes, sealed.length - tagBytes)),
        opening.final(),
      ]);
      const { metadata: inner, data: content } = PayloadProto.decode(plain);
      return { metadata: inner, data: content };
    } catch {
      throw damaged(id);
    }
  }
}

/** What `temporal.codec: aes-gcm` opens. @throws FerryError `BadInput` */
export default function aesGcm(options: unknown, folder: CodecFolder): PayloadCodec {
  const parsed = aesGcmOptions.safeParse(options);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = ['temporal.codec.options', ...(issue?.path ?? [])].join('.');
    throw new FerryError('BadInput', `${path}: ${issue?.message ?? 'expected key and keys'}.`);
  }
  const { key, keys } = parsed.data;
  return new AesGcmCodec(
    key,
    new Map(
      Object.entries(keys).map(([id, { file, value }]) => [
        id,
        readKey(
          `temporal.codec.options.keys.${id}`,
          file === undefined ? (value ?? '') : folder.secret(file),
        ),
      ]),
    ),
  );
}

const text = (bytes: Uint8Array | null | undefined): string => (bytes ? Buffer.from(bytes).toString() : '');

const unknownKey = (id: string): FerryError =>
  new FerryError(
    'BadInput',
    `A payload is encrypted with the key ${named(id)}: add it to temporal.codec.options.keys of ferry.yaml.`,
  );

const damaged = (id: string): FerryError =>
  new FerryError(
    'BadInput',
    `A payload does not open with the key ${named(id)}: another key has that id, or the payload was changed.`,
  );
