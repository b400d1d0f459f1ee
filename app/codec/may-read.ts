import { createHash, timingSafeEqual } from 'node:crypto';
import { Connection, isGrpcServiceError, type ConnectionOptions } from '@temporalio/client';
import { FerryError } from '../../src/migration/errors.js';
import type { TemporalSettings } from '../config/temporal.js';

type MayRead = (authorization: string | undefined, namespace: string | undefined) => Promise<boolean>;

const bearer = (authorization: string | undefined): string | undefined =>
  /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];

/** Everybody; only for an address that nobody else reaches. */
export const everybody: MayRead = async () => true;

/** Who shows this token. */
export function whoHasToken(token: string): MayRead {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const wanted = digest(token);
  return async (authorization) => {
    const shown = bearer(authorization);
    return shown !== undefined && timingSafeEqual(digest(shown), wanted);
  };
}

const answerMs = 5_000;
/** Codes of gRPC (google.rpc.Code) that say no: not found, permission denied, unauthenticated. */
const saysNo = [5, 7, 16];

/**
 * Who may list the workflows of the namespace at Temporal itself: the login that the web UI passes on is shown to the
 * server, so that who may see a workflow there may read it, and nobody else. The ferry's own login is not used for it.
 *
 * @throws FerryError `Unreachable` when Temporal does not answer
 */
export function whoMayAtTemporal({ connection, namespace: own }: TemporalSettings): {
  mayRead: MayRead;
  close: () => Promise<void>;
} {
  const asked = Connection.lazy(withoutLogin(connection));
  return {
    async mayRead(authorization, namespace) {
      if (bearer(authorization) === undefined || (namespace !== undefined && namespace !== own)) return false;
      try {
        await asked.withDeadline(Date.now() + answerMs, () =>
          asked.withMetadata({ authorization: authorization ?? '' }, () =>
            asked.workflowService.listWorkflowExecutions({ namespace: own, pageSize: 1 }),
          ),
        );
        return true;
      } catch (error) {
        for (let at: unknown = error; at instanceof Error; at = at.cause)
          if (isGrpcServiceError(at) && saysNo.includes(Number(at.code))) return false;
        throw new FerryError(
          'Unreachable',
          'Temporal did not answer whether this login may read the namespace: ask again.',
        );
      }
    },
    close: () => asked.close(),
  };
}

/**
 * How who asks is shown to Temporal: certificates say who the worker is, so that who asks has to say it by the token. The
 * ferry's own connections have TLS wherever there is an API key, unless told otherwise, and a person's login is worth as
 * much.
 */
export function withoutLogin({
  address,
  apiKey,
  tls = apiKey !== undefined,
}: TemporalSettings['connection']): Pick<ConnectionOptions, 'address' | 'tls'> {
  if (tls === null || typeof tls !== 'object') return { address, tls };
  const { clientCertPair: _, ...rest } = tls;
  return { address, tls: rest };
}
