import type * as MskSigner from 'aws-msk-iam-sasl-signer-js';
import { FerryError } from '../../migration/errors.js';
import { keptTokens } from './kept-tokens.js';
import type { Token, Tokens } from './token.js';
import type { MskIam } from './token-origin.js';

type Signer = Pick<
  typeof MskSigner,
  'generateAuthToken' | 'generateAuthTokenFromProfile' | 'generateAuthTokenFromRole'
>;

/** Who the ferry is in AWS's log of assumed roles. */
const awsRoleSessionName = 'kafka-ferry';

/**
 * IAM's login to Amazon MSK: a signed request of 15 minutes, as AWS's own signer makes it from AWS credentials. AWS's SDK
 * takes a second to load, and few need it.
 */
export function tokensOfMsk(
  cluster: string,
  { region, profile, role }: MskIam,
  load: () => Promise<Signer> = () => import('aws-msk-iam-sasl-signer-js'),
): Tokens {
  const whose =
    role !== undefined
      ? `the role ${role}`
      : profile !== undefined
        ? `the profile "${profile}"`
        : 'the worker';

  const fetch = async (): Promise<Token> => {
    const signer = await load().catch(() => {
      throw new FerryError(
        'BadInput',
        `Cluster "${cluster}" asks for aws-msk-iam, and AWS's signer is not installed: run npm install aws-msk-iam-sasl-signer-js where the ferry is installed.`,
      );
    });
    try {
      const { token, expiryTime } =
        role !== undefined
          ? await signer.generateAuthTokenFromRole({ region, awsRoleArn: role, awsRoleSessionName })
          : profile !== undefined
            ? await signer.generateAuthTokenFromProfile({ region, awsProfileName: profile })
            : await signer.generateAuthToken({ region });
      return { value: token, endsAt: expiryTime };
    } catch (error) {
      throw failure(cluster, whose, error);
    }
  };
  return keptTokens({ origin: `AWS's signer for ${whose} in ${region}`, fetch, close: () => undefined });
}

/** Codes of Node's for an AWS service that was not reached, for example to assume a role. */
const unreached = /^E[A-Z_]+$/;

function failure(cluster: string, whose: string, error: unknown): FerryError {
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown };
  const at = `for ${whose}, with whom the ferry logs in to cluster "${cluster}"`;
  if ((typeof code === 'string' && unreached.test(code)) || name === 'TimeoutError')
    return new FerryError(
      'Unreachable',
      `AWS did not answer when it was asked for credentials ${at}: check the network and the region.`,
    );
  const kind = typeof name === 'string' && /^[A-Za-z]{1,60}$/.test(name) ? name : 'unknown';
  return new FerryError(
    'Unauthenticated',
    `AWS gives no credentials ${at} (${kind}): check the worker's AWS environment, the profile, and who may assume the role.`,
  );
}
