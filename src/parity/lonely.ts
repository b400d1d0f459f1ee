/** Records of one partition of the source without a twin: so many of them, at offsets from `from` up to, not including, `to`. */
export interface Lonely {
  topic: string;
  partition: number;
  from: bigint;
  to: bigint;
  records: number;
  /** Who wrote them, a few at most; −1: a producer that is not numbered. */
  producers: bigint[];
}
