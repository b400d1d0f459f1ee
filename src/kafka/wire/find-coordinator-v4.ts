import { api, appendStrings } from './api.js';
import { keyTypes } from './find-coordinator.js';
import type { Coordinator, KeyType } from './find-coordinator.js';

/*
  FindCoordinator Request (Version: 4) => key_type [coordinator_keys] TAG_BUFFER
    key_type => INT8
    coordinator_keys => COMPACT_STRING

  FindCoordinator Response (Version: 4) => throttle_time_ms [coordinators] TAG_BUFFER
    throttle_time_ms => INT32
    coordinators => key node_id host port error_code error_message TAG_BUFFER
      key => COMPACT_STRING
      node_id => INT32
      host => COMPACT_STRING
      port => INT32
      error_code => INT16
      error_message => COMPACT_NULLABLE_STRING
*/
export const findCoordinatorV4 = api<{ type: KeyType; keys: readonly string[] }, Coordinator[]>(
  ['FindCoordinator', 10, 4],
  ({ type, keys }, writer) => appendStrings(writer.appendInt8(keyTypes[type]), keys).appendTaggedFields(),
  (r) => {
    r.readThrottle();
    return r.readArray(() => {
      const key = r.readString();
      const node = r.readInt32();
      r.readString();
      r.readInt32();
      const code = r.readInt16();
      r.readNullableString();
      return { key, node, code };
    });
  },
);
