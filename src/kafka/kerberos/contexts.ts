/** Asks for tickets and proves with them who the ferry is (RFC 2743), to one service at a time. */
export interface SecurityContexts {
  /**
   * A new context towards `service@host`, and what to say first.
   *
   * @throws FerryError one sentence: no ticket is to be had
   */
  begin(service: string, host: string): Promise<SecurityContext>;
  close(): void;
}

/** A conversation with one broker. Tokens are bytes of the mechanism. @throws GssRefusal; FerryError when the ticket ends in it */
export interface SecurityContext {
  /** What to say first. */
  readonly first: Buffer;
  /** What to say next; empty: nothing is left to say, and the broker has proved itself as well. */
  next(token: Buffer): Promise<{ token: Buffer; complete: boolean }>;
  unwrap(message: Buffer): Promise<Buffer>;
  wrap(message: Buffer): Promise<Buffer>;
  end(): void;
}

/** What a broker has said does not fit the conversation: it could not prove itself. */
export class GssRefusal extends Error {
  override readonly name = 'GssRefusal';
}
