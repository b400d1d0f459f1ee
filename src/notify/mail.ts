import { createTransport } from 'nodemailer';
import { FerryError } from '../migration/errors.js';
import { linesOf, type Notice } from './notice.js';
import { answerWithinMs } from './post.js';

/** A server that takes mail to send on. */
export interface MailServer {
  host: string;
  port: number;
  /** `starttls`: TLS before anything is said. */
  tls: 'starttls' | 'implicit' | 'none';
  ca?: string;
  login?: { username: string; password: string };
  from: string;
}

/** Answers of SMTP from here on will not change by themselves (RFC 5321, 4.2.1). */
const refusedForGood = 500;

/**
 * One mail to all of these.
 * @throws FerryError `Unreachable` or `Refused`, without anything that the server said but its code
 */
export async function sendMail(server: MailServer, to: readonly string[], notice: Notice): Promise<void> {
  const { host, port, tls, ca, login, from } = server;
  const transport = createTransport({
    ...{ host, port, secure: tls === 'implicit', requireTLS: tls === 'starttls', ignoreTLS: tls === 'none' },
    ...(login && { auth: { user: login.username, pass: login.password } }),
    ...(ca !== undefined && { tls: { ca } }),
    ...{ connectionTimeout: answerWithinMs, greetingTimeout: answerWithinMs, socketTimeout: answerWithinMs },
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
  try {
    await withinTime(
      transport.sendMail({
        ...{ from, to: [...to], subject: notice.headline, text: `${linesOf(notice).join('\n\n')}\n` },
        // Mail servers and readers know by it what they have already; answers of machines are not wanted.
        messageId: `<${notice.id}@kafka-ferry>`,
        headers: { 'Auto-Submitted': 'auto-generated' },
      }),
    );
  } catch (error) {
    const { responseCode, code } = error as { responseCode?: unknown; code?: unknown };
    const answered = typeof responseCode === 'number' ? `answered ${responseCode}` : undefined;
    const known = typeof code === 'string' && /^[A-Z]+$/.test(code) ? ` (${code})` : '';
    const later = typeof responseCode !== 'number' || responseCode < refusedForGood;
    throw new FerryError(
      later && code !== 'EAUTH' ? 'Unreachable' : 'Refused',
      `${to.join(', ')} was not told: the mail server ${answered ?? `did not take it${known}`}.`,
    );
  } finally {
    transport.close();
  }
}

/** nodemailer bounds each silence; a server that says one letter a second would never end. */
async function withinTime<T>(sending: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(Object.assign(new Error('late'), { code: 'ETIMEDOUT' })),
      2 * answerWithinMs,
    );
  });
  try {
    return await Promise.race([sending, late]);
  } finally {
    clearTimeout(timer);
    sending.catch(() => undefined);
  }
}
