import type { PayloadCodec } from '@temporalio/common';

/** What a module may ask for beside its options. */
export interface CodecFolder {
  /** The whole path of a file that `ferry.yaml` names. */
  path(file: string): string;
  /** A secret on a line of its own. @throws FerryError `BadInput` when it cannot be read, or holds nothing */
  secret(file: string): string;
}

/** The default export of a module that `temporal.codec` names. */
export type CodecModule = (options: unknown, folder: CodecFolder) => PayloadCodec | Promise<PayloadCodec>;
