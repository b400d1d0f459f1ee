import type { Brokers } from './link/brokers.js';
import type { AclBinding, AclFilter, Cluster, Row } from './cluster.js';
import { FerryError } from '../migration/errors.js';
import { chunks, gather } from './link/patience.js';
import type { Reply } from './link/patience.js';
import { noAnswer, ok, refusal, securityDisabled } from './link/refusal.js';
import { any } from './wire/acl.js';
import type { WireAcl } from './wire/acl.js';
import { createAclsV2 } from './wire/create-acls-v2.js';
import { deleteAclsV2 } from './wire/delete-acls-v2.js';
import { describeAclsV2 } from './wire/describe-acls-v2.js';

const bindingsPerRequest = 1_000;

const resourceTypes = {
  topic: 2,
  group: 3,
  cluster: 4,
  'transactional-id': 5,
  'delegation-token': 6,
  user: 7,
} as const;
const patternTypes = { match: 2, literal: 3, prefixed: 4 } as const;
const operations = {
  all: 2,
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  'cluster-action': 9,
  'describe-configs': 10,
  'alter-configs': 11,
  'idempotent-write': 12,
  'create-tokens': 13,
  'describe-tokens': 14,
  'two-phase-commit': 15,
} as const;
const permissions = { deny: 2, allow: 3 } as const;

type AclCalls = Pick<Cluster, 'acls' | 'createAcls' | 'deleteAcls'>;

export function aclCalls(brokers: Brokers): AclCalls {
  const explain = (operation: string) => (_: unknown, code: number) =>
    refusal(code, {
      cluster: brokers.cluster,
      about: 'ACL bindings',
      needs: `${operation} on the cluster`,
    });
  const locateController = async <K>(keys: readonly K[]) => {
    const { controllerId } = await brokers.metadata({ names: [] });
    return new Map(keys.map((key) => [key, { value: controllerId }]));
  };

  const acls: AclCalls['acls'] = async (filter = {}) => {
    const rows = await gather<WireAcl<string | null>, WireAcl[] | null>({
      keys: [wireFilter(filter)],
      locate: locateController,
      ask: async (broker, filters) => {
        const replies = new Map<WireAcl<string | null>, Reply<WireAcl[] | null>>();
        for (const filter of filters) {
          const { code, acls } = await brokers.ask(broker, describeAclsV2, filter);
          replies.set(
            filter,
            code === ok ? { value: acls } : code === securityDisabled ? { value: null } : { code },
          );
        }
        return replies;
      },
      explain: explain('DESCRIBE'),
    });
    const [row] = rows.values();
    if (row?.error) throw row.error;
    return row?.value?.map((acl) => binding(brokers.cluster, acl)) ?? null;
  };

  /** One request for many bindings; the answer has a row for each, in their order. */
  const perBinding = async <V>(
    bindings: readonly AclBinding[],
    operation: string,
    ask: (broker: number, share: WireAcl[]) => Promise<Reply<V>[]>,
  ): Promise<Row<V>[]> => {
    const keys = bindings.map(wireAcl);
    const rows = await gather<WireAcl, V>({
      keys,
      locate: locateController,
      ask: async (broker, keys) => {
        const replies = new Map<WireAcl, Reply<V>>();
        for (const share of chunks(keys, bindingsPerRequest)) {
          const answers = await ask(broker, share);
          share.forEach((key, index) => replies.set(key, answers[index] ?? { code: noAnswer }));
        }
        return replies;
      },
      explain: explain(operation),
    });
    return keys.map((key) => rows.get(key) ?? { error: explain(operation)(key, noAnswer) });
  };

  return {
    acls,
    createAcls: (bindings) =>
      perBinding<void>(bindings, 'ALTER', async (broker, share) =>
        (await brokers.ask(broker, createAclsV2, share)).map((code) =>
          code === ok ? { value: undefined } : { code },
        ),
      ),
    deleteAcls: async (bindings) => {
      const rows = await perBinding(bindings, 'ALTER', async (broker, share) =>
        (await brokers.ask(broker, deleteAclsV2, share)).map(({ code, matching }) => {
          const failed = [code, ...matching.map((match) => match.code)].find((code) => code !== ok);
          return failed === undefined ? { value: matching.length } : { code: failed };
        }),
      );
      const deleted = rows.reduce((sum, row) => {
        if (row.error) throw row.error;
        return sum + (row.value ?? 0);
      }, 0);
      return { deleted, left: [] };
    },
  };
}

function wireAcl(acl: AclBinding): WireAcl {
  return {
    resourceType: resourceTypes[acl.resourceType],
    resourceName: acl.resourceName,
    patternType: patternTypes[acl.patternType],
    principal: acl.principal,
    host: acl.host,
    operation: operations[acl.operation],
    permission: permissions[acl.permission],
  };
}

function wireFilter(filter: AclFilter): WireAcl<string | null> {
  return {
    resourceType: filter.resourceType === undefined ? any : resourceTypes[filter.resourceType],
    resourceName: filter.resourceName ?? null,
    patternType: filter.patternType === undefined ? any : patternTypes[filter.patternType],
    principal: filter.principal ?? null,
    host: null,
    operation: any,
    permission: any,
  };
}

function binding(cluster: string, acl: WireAcl): AclBinding {
  const word = <W extends string>(words: Record<W, number>, number: number): W => {
    const found = (Object.keys(words) as W[]).find((word) => words[word] === number);
    if (found !== undefined) return found;
    throw new FerryError(
      'Unsupported',
      `Cluster "${cluster}" has an ACL of a kind that the ferry does not know, for "${acl.principal}" on "${acl.resourceName}": take it away or use a newer ferry.`,
    );
  };
  const { match: _, ...patterns } = patternTypes;
  return {
    resourceType: word(resourceTypes, acl.resourceType),
    resourceName: acl.resourceName,
    patternType: word(patterns, acl.patternType),
    principal: acl.principal,
    host: acl.host,
    operation: word(operations, acl.operation),
    permission: word(permissions, acl.permission),
  };
}
