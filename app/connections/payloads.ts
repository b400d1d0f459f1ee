import { defaultPayloadConverter, type Payload, type PayloadCodec } from '@temporalio/common';
import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';

type Failure = temporal.api.failure.v1.IFailure;

/**
 * What the SDK's client hands on as it came, read as it reads the rest: through `temporal.codec`, if there is one. What
 * this program has no codec or key for is undefined, so that one execution which somebody else has encoded does not hide
 * all others.
 */
export class Payloads {
  readonly #codecs: readonly PayloadCodec[];

  constructor({ options }: Pick<Client, 'options'>) {
    this.#codecs = options.loadedDataConverter.payloadCodecs;
  }

  /** The value of one payload; undefined where there is none that can be read. */
  async value(payload: Payload | null | undefined): Promise<unknown> {
    if (!payload) return undefined;
    try {
      let payloads = [payload];
      for (const codec of this.#codecs.toReversed()) payloads = await codec.decode(payloads);
      const [decoded] = payloads;
      return decoded && defaultPayloadConverter.fromPayload(decoded);
    } catch {
      return undefined;
    }
  }

  /** The sentence of a failure, which is a payload itself where failures are encoded. */
  async message({ message, encodedAttributes }: Failure): Promise<string> {
    if (!encodedAttributes) return message ?? '';
    const attributes = await this.value(encodedAttributes);
    const inside = (attributes as { message?: unknown } | null | undefined)?.message;
    return typeof inside === 'string'
      ? inside
      : 'what failed is encoded, and cannot be read here: see temporal.codec of ferry.yaml.';
  }
}
