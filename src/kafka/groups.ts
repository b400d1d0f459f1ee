import type { Brokers } from './link/brokers.js';
import type { Cluster, GroupFacts, GroupListing, GroupProtocol, GroupState } from './cluster.js';
import { under } from '../migration/by-name.js';
import { FerryError } from '../migration/errors.js';
import type { Coordinators } from './link/coordinators.js';
import { chunks, gather } from './link/patience.js';
import type { Reply } from './link/patience.js';
import { groupIdNotFound, ok, refusal, unsupportedVersion } from './link/refusal.js';
import type { Api } from './wire/api.js';
import { assignedPartitions, subscribedTopics } from './wire/consumer-protocol.js';
import type { BrokerAssignedGroup } from './wire/consumer-group-describe-v0.js';
import { consumerGroupDescribeV0 } from './wire/consumer-group-describe-v0.js';
import { deleteGroupsV2 } from './wire/delete-groups-v2.js';
import { describeGroupsV5 } from './wire/describe-groups-v5.js';
import type { ClassicGroup } from './wire/describe-groups-v5.js';
import { listGroupsV4 } from './wire/list-groups-v4.js';
import { listGroupsV5 } from './wire/list-groups-v5.js';
import { streamsGroupDescribeV0, type StreamsGroup } from './wire/streams-group-describe-v0.js';

const groupsPerRequest = 500;

type GroupCalls = Pick<Cluster, 'groups' | 'describeGroups' | 'deleteGroups'>;

export function groupCalls(brokers: Brokers, coordinators: Coordinators): GroupCalls {
  const explain = (operation: string) => (group: string, code: number) =>
    code === unsupportedVersion
      ? new FerryError(
          'Unsupported',
          `Group "${group}" on cluster "${brokers.cluster}" is of a protocol whose members the ferry cannot read: move its applications by hand.`,
        )
      : refusal(code, {
          cluster: brokers.cluster,
          about: `group "${group}"`,
          needs:
            code === topicAuthorizationFailed
              ? `DESCRIBE on every topic that group "${group}" subscribes to`
              : `${operation} on group "${group}"`,
        });

  const changing = (group: string) =>
    new FerryError(
      'Unreachable',
      `Group "${group}" on cluster "${brokers.cluster}" is changing from one protocol to another: it is asked about again.`,
    );

  const listing = async (broker: number): Promise<Reply<GroupListing[]>> => {
    const { code, groups } = (await brokers.speaks(listGroupsV5, broker))
      ? await brokers.ask(broker, listGroupsV5, undefined)
      : await brokers.ask(broker, listGroupsV4, undefined);
    if (code !== ok) return { code };
    return {
      value: groups.map(({ group, type, state, protocolType }) => ({
        group,
        protocol: under(protocols, type.toLowerCase()) ?? 'unknown',
        state: stateOf(state),
        ...(type.toLowerCase() === 'classic' && purposeOf(protocolType)),
      })),
    };
  };

  const groups: GroupCalls['groups'] = async () => {
    const rows = await gather({
      keys: await brokers.ids(),
      locate: async (ids) => new Map(ids.map((id) => [id, { value: id }])),
      ask: async (broker, ids) => {
        const reply = await listing(broker);
        return new Map(ids.map((id) => [id, reply]));
      },
      explain: (id, code) =>
        refusal(code, {
          cluster: brokers.cluster,
          about: `the groups of broker ${id}`,
          needs: 'DESCRIBE on the cluster',
        }),
    });
    return [...rows.values()].flatMap((row) => {
      if (row.error) throw row.error;
      return row.value;
    });
  };

  /** Answers of one request type for many groups, a few hundred at a time. */
  const ask = async <R extends { group: string; code: number }>(
    api: Api<readonly string[], R[]>,
    broker: number,
    groups: readonly string[],
  ): Promise<Map<string, R>> => {
    if (groups.length === 0) return new Map();
    const shares = chunks(groups, groupsPerRequest).map((share) => brokers.ask(broker, api, share));
    return byGroup((await Promise.all(shares)).flat());
  };

  /**
   * DescribeGroups calls a live KIP-848 group dead, so ConsumerGroupDescribe is asked first, and a group that both
   * do not know is looked up in the listing before it is believed dead.
   */
  const describe = async (broker: number, groups: readonly string[]) => {
    const replies = new Map<string, Reply<GroupFacts> | FerryError>();
    if (await brokers.speaks(consumerGroupDescribeV0, broker))
      for (const answer of (await ask(consumerGroupDescribeV0, broker, groups)).values())
        if (answer.code !== groupIdNotFound && answer.code !== unsupportedVersion)
          replies.set(answer.group, brokerAssigned(answer));

    const others = groups.filter((group) => !replies.has(group));
    const unknown: string[] = [];
    for (const answer of (await ask(describeGroupsV5, broker, others)).values()) {
      if (answer.code === groupIdNotFound || (answer.code === ok && answer.state === 'Dead'))
        unknown.push(answer.group);
      else replies.set(answer.group, classic(brokers.cluster, answer));
    }

    if (unknown.length > 0 && (await brokers.speaks(listGroupsV5, broker))) {
      const listed = await listing(broker);
      const found = new Map(
        'value' in listed ? listed.value.map(({ group, protocol }) => [group, protocol]) : [],
      );
      const streams = unknown.filter((group) => found.get(group) === 'streams');
      const spoken = await brokers.speaks(streamsGroupDescribeV0, broker);
      for (const answer of spoken ? (await ask(streamsGroupDescribeV0, broker, streams)).values() : [])
        replies.set(
          answer.group,
          answer.code === groupIdNotFound ? changing(answer.group) : streamsGroup(answer),
        );
      for (const group of unknown) {
        if (replies.has(group)) continue;
        // A coordinator that is loading lists some of its groups at most: who is not among them may be there.
        if ('code' in listed) replies.set(group, { code: listed.code });
        const protocol = found.get(group);
        // A first member of the other protocol came between the two requests: each was sent while the other was right.
        if (protocol === 'classic' || protocol === 'consumer') replies.set(group, changing(group));
        // Share groups are described elsewhere; to call one dead, or one whose protocol is not known here, would be wrong.
        else if (protocol !== undefined) replies.set(group, { code: unsupportedVersion });
      }
    }
    for (const group of unknown)
      if (!replies.has(group))
        replies.set(group, { value: { group, protocol: 'unknown', state: 'dead', members: [] } });
    return replies;
  };

  return {
    groups,
    describeGroups: (groups, arrived) =>
      gather({
        keys: groups,
        arrived,
        locate: (keys, anew) => coordinators.locate(keys, anew),
        ask: describe,
        explain: explain('DESCRIBE'),
      }),
    deleteGroups: (groups) =>
      gather<string, void>({
        keys: groups,
        locate: (keys, anew) => coordinators.locate(keys, anew),
        ask: async (broker, keys) => {
          const replies = new Map<string, Reply<void>>();
          for (const [group, { code }] of await ask(deleteGroupsV2, broker, keys))
            replies.set(group, code === ok || code === groupIdNotFound ? { value: undefined } : { code });
          return replies;
        },
        explain: explain('DELETE'),
      }),
  };
}

const topicAuthorizationFailed = 29;

const protocols: Record<string, GroupProtocol> = {
  classic: 'classic',
  consumer: 'consumer',
  share: 'share',
  streams: 'streams',
};

const states: Record<string, GroupState> = {
  empty: 'empty',
  stable: 'stable',
  dead: 'dead',
  // Classic groups, then those whose assignments the broker computes.
  preparingrebalance: 'rebalancing',
  completingrebalance: 'rebalancing',
  assigning: 'rebalancing',
  reconciling: 'rebalancing',
  notready: 'rebalancing',
};

/**
 * Kafka 3.9 asks each of a coordinator's shards about all groups of a ConsumerGroupDescribe: the answer has as many rows for
 * a group as there are shards, and all but one call it unknown.
 */
export function byGroup<R extends { group: string; code: number }>(answers: readonly R[]): Map<string, R> {
  const found = new Map<string, R>();
  for (const answer of answers) if (found.get(answer.group)?.code !== ok) found.set(answer.group, answer);
  return found;
}

/** @param name as a listing or a description gives it, of any protocol */
export function stateOf(name: string): GroupState {
  return under(states, name.toLowerCase()) ?? 'unknown';
}

/** The protocol type names what a classic group shares out; none has been named before a first member joins. */
function purposeOf(protocolType: string): Pick<GroupListing, 'coordinatesOther' | 'neverJoined'> {
  if (protocolType === '') return { neverJoined: true };
  return protocolType === 'consumer' ? {} : { coordinatesOther: true };
}

function classic(
  cluster: string,
  { code, group, state, protocolType, members }: ClassicGroup,
): Reply<GroupFacts> | FerryError {
  if (code !== ok) return { code };
  // Only consumers write their topics in a form known here: the bytes of a Connect worker mean something else.
  const consumers = protocolType === 'consumer';
  try {
    return {
      value: {
        group,
        protocol: 'classic',
        state: stateOf(state),
        ...purposeOf(protocolType),
        members: members.map(({ memberId, clientId, host, metadata, assignment }) => ({
          memberId,
          clientId,
          host,
          subscribed: consumers ? subscribedTopics(metadata) : [],
          assigned: consumers ? assignedPartitions(assignment) : [],
        })),
      },
    };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    // A member may write any bytes, and the broker does not look: to take them for no topics would be wrong.
    return new FerryError(
      'Unsupported',
      `A member of group "${group}" on cluster "${cluster}" says what it reads in bytes that are not those of a consumer: stop it, or move that group's applications by hand.`,
      { cause },
    );
  }
}

function brokerAssigned({ code, group, state, members }: BrokerAssignedGroup): Reply<GroupFacts> {
  if (code !== ok) return { code };
  return {
    value: {
      group,
      protocol: 'consumer',
      state: stateOf(state),
      members: members.map(({ subscribedPattern, ...member }) => ({
        ...member,
        ...(subscribedPattern ? { subscribedPattern } : {}),
      })),
    },
  };
}

/** A member may get any task of its application, so that it wants every topic that the application reads. */
function streamsGroup({ code, group, state, subtopologies, members }: StreamsGroup): Reply<GroupFacts> {
  if (code !== ok) return { code };
  const sources = new Map(subtopologies.map(({ id, sourceTopics }) => [id, sourceTopics]));
  const subscribed = [...new Set([...sources.values()].flat())];
  return {
    value: {
      group,
      protocol: 'streams',
      state: stateOf(state),
      members: members.map(({ active, ...member }) => ({
        ...member,
        subscribed,
        assigned: active.flatMap(({ subtopology, partitions }) =>
          (sources.get(subtopology) ?? []).flatMap((topic) =>
            partitions.map((partition) => ({ topic, partition })),
          ),
        ),
      })),
    },
  };
}
