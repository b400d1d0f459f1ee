import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { FerryError } from '../../migration/errors.js';
import { GssRefusal, type SecurityContext, type SecurityContexts } from './contexts.js';
import type { GssAnswer, GssRequest } from './gssapi-messages.js';
import { notInstalled, silentKdc, ticketFailure } from './ticket-failure.js';
import type { TicketOrigin } from './ticket-origin.js';

/** The library asks each KDC several times and waits longer each time, some 15 s for one that is silent. */
const patienceMs = 30_000;

/** TypeScript in a checkout, JavaScript in a build. */
const inCheckout = import.meta.url.endsWith('.ts');
const program = fileURLToPath(new URL(`gssapi-program${inCheckout ? '.ts' : '.js'}`, import.meta.url));

/** Of the environment, what Kerberos and the system's loader read; the ferry's secrets are no business of theirs. */
const passedOn = /^(PATH|HOME|USER|LOGNAME|TMPDIR|TZ|LD_.*|KRB5.*|XDG_.*|NODE_EXTRA_CA_CERTS)$/;

type Call = GssRequest extends infer Each
  ? Each extends unknown
    ? Omit<Each, 'id' | 'context'>
    : never
  : never;

interface Asked {
  readonly resolve: (answer: GssAnswer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Security contexts in a process of their own, one for each cluster: the library takes keytab, cache and configuration from
 * the environment of its process, and a call of it that waits for a KDC cannot be ended otherwise. The tickets that a
 * keytab gives are in the memory of that process alone; it gets new ones when half of their life is over.
 */
export class GssapiProcess implements SecurityContexts {
  private child: ChildProcess | undefined;
  private readonly asked = new Map<number, Asked>();
  private count = 0;
  private closed = false;

  constructor(
    private readonly cluster: string,
    private readonly origin: TicketOrigin,
  ) {}

  async begin(service: string, host: string): Promise<SecurityContext> {
    const context = ++this.count;
    const { principal } = this.origin;
    // Who comes late, with a login that was due, has no process started that nobody would end.
    if (this.closed) throw this.over();
    const child = (this.child ??= this.start());
    const answer = await this.ask(child, context, {
      call: 'begin',
      service: `${service}@${host}`,
      ...(principal !== undefined && { principal }),
    });
    if (answer.missing) throw notInstalled(this.cluster);
    if (answer.failure !== undefined)
      throw await ticketFailure(this.cluster, this.origin, `${service}/${host}`, answer.failure);
    const asking = async (call: 'next' | 'unwrap' | 'wrap', bytes: Buffer) => {
      const said = await this.ask(child, context, { call, bytes: bytes.toString('base64') });
      // A ticket may end in the middle of a conversation, and the library lets nobody go on with it.
      if (said.failure !== undefined && /expired/i.test(said.failure))
        throw await ticketFailure(this.cluster, this.origin, `${service}/${host}`, said.failure);
      if (said.failure !== undefined) throw new GssRefusal('the broker could not prove itself');
      return { token: bytesOf(said), complete: said.complete === true };
    };
    return {
      first: bytesOf(answer),
      next: (token) => asking('next', token),
      unwrap: async (message) => (await asking('unwrap', message)).token,
      wrap: async (message) => (await asking('wrap', message)).token,
      end: () => void this.ask(child, context, { call: 'end' }).catch(() => undefined),
    };
  }

  close(): void {
    this.closed = true;
    this.fail(this.over());
  }

  private over(): FerryError {
    return new FerryError(
      'Unreachable',
      `The connections to cluster "${this.cluster}" are closed: open it anew.`,
    );
  }

  /** @param child the one that has the context, or is to have it */
  private async ask(child: ChildProcess, context: number, call: Call): Promise<GssAnswer> {
    if (child !== this.child) throw this.ended();
    const id = ++this.count;
    return new Promise<GssAnswer>((resolve, reject) => {
      const late = setTimeout(() => this.fail(silentKdc(this.cluster, this.origin)), patienceMs);
      const settled = () => {
        clearTimeout(late);
        this.asked.delete(id);
        // Nobody has to wait for a process that owes no answer.
        if (this.asked.size === 0) child.channel?.unref();
      };
      this.asked.set(id, {
        resolve: (answer) => (settled(), resolve(answer)),
        reject: (error) => (settled(), reject(error)),
      });
      child.channel?.ref();
      child.send({ id, context, ...call }, (error) => {
        if (error) this.asked.get(id)?.reject(this.ended());
      });
    });
  }

  private start(): ChildProcess {
    const { krb5Conf } = this.origin;
    const inherited = Object.entries(process.env).filter(([name]) => passedOn.test(name));
    const child = fork(program, [], {
      execArgv: inCheckout ? ['--import', loader()] : [],
      env: {
        ...Object.fromEntries(inherited),
        // What it says of a failure is read in `ticket-failure.ts`.
        LC_ALL: 'C',
        ...(krb5Conf !== undefined && { KRB5_CONFIG: krb5Conf }),
        ...(this.origin.from === 'keytab'
          ? { KRB5_CLIENT_KTNAME: `FILE:${this.origin.path}`, KRB5CCNAME: 'MEMORY:kafka-ferry' }
          : { KRB5CCNAME: this.origin.name }),
      },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.unref();
    child.on('message', (answer: GssAnswer) => this.asked.get(answer.id)?.resolve(answer));
    child.on('error', () => this.forget(child));
    child.on('exit', () => this.forget(child));
    return child;
  }

  private forget(child: ChildProcess): void {
    if (this.child === child) this.fail(this.ended());
  }

  /** The next who asks has a new process. */
  private fail(error: Error): void {
    const { child } = this;
    this.child = undefined;
    child?.kill('SIGKILL');
    for (const { reject } of [...this.asked.values()]) reject(error);
  }

  private ended(): FerryError {
    return new FerryError(
      'Unreachable',
      `The process that holds the tickets for cluster "${this.cluster}" has ended: it is started anew; see the worker's standard error for why.`,
    );
  }
}

const bytesOf = ({ bytes = '' }: GssAnswer): Buffer => Buffer.from(bytes, 'base64');

const loader = (): string => pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
