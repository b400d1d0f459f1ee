/** What is asked of the process that holds the contexts, and what it answers. Bytes are base64. */
export type GssRequest = { readonly id: number; readonly context: number } & (
  | { readonly call: 'begin'; readonly service: string; readonly principal?: string }
  | { readonly call: 'next' | 'unwrap' | 'wrap'; readonly bytes: string }
  | { readonly call: 'end' }
);

export interface GssAnswer {
  readonly id: number;
  readonly bytes?: string;
  readonly complete?: boolean;
  /** What Kerberos says of a failure, for `ticketFailure` alone: nobody is shown it. */
  readonly failure?: string;
  /** The npm package `kerberos` cannot be loaded. */
  readonly missing?: true;
}
