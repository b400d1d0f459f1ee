import { partitionKey, type Cluster, type ShareGroup } from './cluster.js';
import { FerryError } from '../migration/errors.js';
import type { Brokers } from './link/brokers.js';
import type { Coordinators } from './link/coordinators.js';
import { chunks, gather, type Reply } from './link/patience.js';
import { ok, refusal, unknownTopicOrPartition } from './link/refusal.js';
import { byGroup, stateOf } from './groups.js';
import {
  describeShareGroupOffsetsV1,
  type ShareGroupOffsets,
} from './wire/describe-share-group-offsets-v1.js';
import { shareGroupDescribeV1, type ShareGroupState } from './wire/share-group-describe-v1.js';

const groupsPerRequest = 500;

/** Share groups (KIP-932), which ConsumerGroupDescribe and OffsetFetch do not know. */
export function shareGroupCalls(brokers: Brokers, coordinators: Coordinators): Pick<Cluster, 'shareGroups'> {
  const ask = async (broker: number, groups: readonly string[]) => {
    const replies = new Map<string, Reply<ShareGroup> | FerryError>();
    const spoken = await Promise.all([
      brokers.speaks(shareGroupDescribeV1, broker),
      brokers.speaks(describeShareGroupOffsetsV1, broker),
    ]);
    if (spoken.includes(false)) {
      for (const group of groups)
        replies.set(
          group,
          new FerryError(
            'Unsupported',
            `Brokers of cluster "${brokers.cluster}" tell from Kafka 4.2 on what share group "${group}" reads and has read.`,
          ),
        );
      return replies;
    }
    for (const share of chunks(groups, groupsPerRequest)) {
      const [states, offsets] = await Promise.all([
        brokers.ask(broker, shareGroupDescribeV1, share),
        brokers.ask(broker, describeShareGroupOffsetsV1, share),
      ]);
      const read = byGroup(offsets);
      for (const [group, state] of byGroup(states)) {
        const positions = read.get(group);
        if (positions) replies.set(group, shareGroup(state, positions));
      }
    }
    return replies;
  };

  return {
    shareGroups: (groups) =>
      gather({
        keys: groups,
        locate: (keys, anew) => coordinators.locate(keys, anew),
        ask,
        explain: (group, code) =>
          refusal(code, {
            cluster: brokers.cluster,
            about: `group "${group}"`,
            needs: `DESCRIBE on group "${group}" and on the topics that it reads`,
          }),
      }),
  };
}

function shareGroup(
  { code, group, state, members }: ShareGroupState,
  read: ShareGroupOffsets,
): Reply<ShareGroup> {
  // A partition of a topic that is gone has nothing left to read.
  const codes = [code, read.code, ...read.offsets.map((one) => one.code)];
  const failed = codes.find((one) => one !== ok && one !== unknownTopicOrPartition);
  if (failed !== undefined) return { code: failed };
  return {
    value: {
      ...{ group, protocol: 'share', state: stateOf(state), members },
      positions: new Map(
        read.offsets
          .filter((one) => one.code === ok)
          .map((one) => [partitionKey(one), { start: known(one.startOffset), lag: known(one.lag) }]),
      ),
    },
  };
}

const known = (offset: bigint): bigint | null => (offset >= 0n ? offset : null);
