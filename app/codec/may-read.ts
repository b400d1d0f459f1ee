import { createHash, timingSafeEqual } from 'node:crypto';
import { Connection, isGrpcServiceError } from '@temporalio/client';
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
  return async (authorization) => timingSafeEqual(digest(bearer(authorization) ?? ''), wanted);
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
  // Certificates say who the worker is; who asks has to say it by the token.
  const { address, tls } = connection;
  const asked = Connection.lazy({ address, ...(tls != null && { tls: withoutLogin(tls) }) });
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

type Tls = NonNullable<TemporalSettings['connection']['tls']>;

const withoutLogin = (tls: Tls): Tls => {
  if (typeof tls !== 'object') return tls;
  const { clientCertPair: _, ...rest } = tls;
  return rest;
};
