import { api, appendStrings } from './api.js';
import type { WireReader } from './reader.js';

/** A group of Kafka Streams whose tasks the broker assigns (KIP-1071). */
export interface StreamsGroup {
  code: number;
  group: string;
  state: string;
  /** None as long as they are not known, for example because a topic that it reads is not there. */
  subtopologies: Subtopology[];
  members: {
    memberId: string;
    clientId: string;
    host: string;
    /** What it works on; tasks of which it only keeps the state are left out. */
    active: Task[];
  }[];
}

export interface Subtopology {
  id: string;
  /** Inner topics that it reads (repartition) are among them; regular expressions are resolved by the broker. */
  sourceTopics: string[];
}

/** It reads these partitions of every source topic of its subtopology. */
export interface Task {
  subtopology: string;
  partitions: number[];
}

/*
  StreamsGroupDescribe Request (Version: 0) => [group_ids] include_authorized_operations TAG_BUFFER
    group_ids => COMPACT_STRING
    include_authorized_operations => BOOLEAN

  StreamsGroupDescribe Response (Version: 0) => throttle_time_ms [groups] TAG_BUFFER
    throttle_time_ms => INT32
    groups => error_code error_message group_id group_state group_epoch assignment_epoch topology [members] authorized_operations TAG_BUFFER
      error_code => INT16
      error_message => COMPACT_NULLABLE_STRING
      group_id => COMPACT_STRING
      group_state => COMPACT_STRING
      group_epoch => INT32
      assignment_epoch => INT32
      topology (nullable) => epoch [subtopologies] TAG_BUFFER
        epoch => INT32
        subtopologies (nullable) => subtopology_id [source_topics] [repartition_sink_topics] [state_changelog_topics] [repartition_source_topics] TAG_BUFFER
          subtopology_id => COMPACT_STRING
          source_topics => COMPACT_STRING
          repartition_sink_topics => COMPACT_STRING
          state_changelog_topics, repartition_source_topics => topic_info
      members => member_id member_epoch instance_id rack_id client_id client_host topology_epoch process_id user_endpoint [client_tags] [task_offsets] [task_end_offsets] assignment target_assignment is_classic TAG_BUFFER
        member_id => COMPACT_STRING
        member_epoch => INT32
        instance_id => COMPACT_NULLABLE_STRING
        rack_id => COMPACT_NULLABLE_STRING
        client_id => COMPACT_STRING
        client_host => COMPACT_STRING
        topology_epoch => INT32
        process_id => COMPACT_STRING
        user_endpoint (nullable) => host port TAG_BUFFER
          host => COMPACT_STRING
          port => UINT16
        client_tags => key_value
        task_offsets, task_end_offsets => subtopology_id partition offset TAG_BUFFER
          subtopology_id => COMPACT_STRING
          partition => INT32
          offset => INT64
        is_classic => BOOLEAN
      authorized_operations => INT32
*/
export const streamsGroupDescribeV0 = api<readonly string[], StreamsGroup[]>(
  ['StreamsGroupDescribe', 89, 0],
  (groups, writer) => appendStrings(writer, groups).appendBoolean(false).appendTaggedFields(),
  (r) => {
    r.readThrottle();
    return r.readArray(() => {
      const code = r.readInt16();
      r.readNullableString();
      const group = r.readString();
      const state = r.readString();
      r.readInt32();
      r.readInt32();
      const topology = readNullable(r, () => {
        r.readInt32();
        return r.readArray(() => readSubtopology(r));
      });
      const members = r.readArray(() => readMember(r));
      r.readInt32();
      return { code, group, state, subtopologies: topology ?? [], members };
    });
  },
);

function readSubtopology(r: WireReader): Subtopology {
  const id = r.readString();
  const sourceTopics = r.readStrings();
  r.readStrings();
  readTopicInfos(r);
  return { id, sourceTopics: [...sourceTopics, ...readTopicInfos(r)] };
}

function readMember(r: WireReader): StreamsGroup['members'][number] {
  const memberId = r.readString();
  r.readInt32();
  r.readNullableString();
  r.readNullableString();
  const clientId = r.readString();
  const host = r.readString();
  r.readInt32();
  r.readString();
  readNullable(r, () => {
    r.readString();
    r.readInt16();
  });
  readKeyValues(r);
  readTaskOffsets(r);
  readTaskOffsets(r);
  const active = readActiveTasks(r);
  readActiveTasks(r);
  r.readBoolean();
  return { memberId, clientId, host, active };
}

/** Of a struct that may be missing: a byte before it tells. */
function readNullable<T>(r: WireReader, read: () => T): T | null {
  if (r.readInt8() < 0) return null;
  const value = read();
  r.readTaggedFields();
  return value;
}

/*
  topic_info => name partitions replication_factor [topic_configs] TAG_BUFFER
    name => COMPACT_STRING
    partitions => INT32
    replication_factor => INT16
    topic_configs => key_value
*/
function readTopicInfos(r: WireReader): string[] {
  return r.readArray(() => {
    const name = r.readString();
    r.readInt32();
    r.readInt16();
    readKeyValues(r);
    return name;
  });
}

/*
  key_value => key value TAG_BUFFER
    key => COMPACT_STRING
    value => COMPACT_STRING
*/
function readKeyValues(r: WireReader): void {
  r.readArray(() => {
    r.readString();
    r.readString();
  });
}

function readTaskOffsets(r: WireReader): void {
  r.readArray(() => {
    r.readString();
    r.readInt32();
    r.readInt64();
  });
}

/*
  assignment, target_assignment => [active_tasks] [standby_tasks] [warmup_tasks] TAG_BUFFER
    active_tasks, standby_tasks, warmup_tasks => subtopology_id [partitions] TAG_BUFFER
      subtopology_id => COMPACT_STRING
      partitions => INT32
*/
function readActiveTasks(r: WireReader): Task[] {
  const tasks = () => r.readArray(() => ({ subtopology: r.readString(), partitions: r.readInts() }));
  const active = tasks();
  tasks();
  tasks();
  r.readTaggedFields();
  return active;
}
