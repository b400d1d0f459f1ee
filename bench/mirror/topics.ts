import type { Codec } from '../../src/kafka/records/codecs.js';

/** What is written to a topic of the source before it is mirrored. */
export interface Shape {
  /** The name that `--topics` and the result use. */
  readonly name: string;
  /** `plain`: no transactions, nothing compacted. */
  readonly kind: 'plain' | 'transactional' | 'compacted';
  readonly partitions: number;
  /** Key and value of one record together, before compression. */
  readonly recordBytes: number;
  readonly codec: Extract<Codec, 'none' | 'lz4'>;
  /** Of the producer: how many records it joins to one batch. */
  readonly recordsPerBatch: number;
  /** How much is written, as a part of `--size`, in bytes of records before compression. */
  readonly share: number;
}

/** As a producer makes them whose `batch.size` its owners have raised to 128 KB. */
export const largeBatchBytes = 128_000;

const large = (recordBytes: number) => Math.floor(largeBatchBytes / recordBytes);

/** Every topic that is mirrored unless `--topics` says otherwise. Shares keep the slowest engine's turn short. */
export const shapes: readonly Shape[] = [
  shape('1kb-large', { recordBytes: 1000, share: 1 }),
  shape('1kb-large-lz4', { recordBytes: 1000, codec: 'lz4', share: 1 }),
  shape('100b-large', { recordBytes: 100, share: 0.5 }),
  shape('100b-large-lz4', { recordBytes: 100, codec: 'lz4', share: 0.5 }),
  shape('1kb-small', { recordBytes: 1000, recordsPerBatch: 3, share: 0.25 }),
  shape('1kb-small-lz4', { recordBytes: 1000, codec: 'lz4', recordsPerBatch: 3, share: 0.25 }),
  shape('100b-small', { recordBytes: 100, recordsPerBatch: 1, share: 0.03 }),
  shape('100b-small-lz4', { recordBytes: 100, codec: 'lz4', recordsPerBatch: 3, share: 0.06 }),
  shape('transactional', { kind: 'transactional', recordBytes: 1000, recordsPerBatch: 50, share: 0.25 }),
  shape('compacted', { kind: 'compacted', recordBytes: 1000, share: 0.5 }),
];

function shape(name: string, given: Partial<Shape> & Pick<Shape, 'recordBytes' | 'share'>): Shape {
  return {
    name,
    kind: 'plain',
    partitions: 4,
    codec: 'none',
    recordsPerBatch: large(given.recordBytes),
    ...given,
  };
}

/** The topic of the source that has this shape. */
export const sourceTopic = ({ name }: Shape) => `bench.${name}`;
