import { api } from './api.js';
import { keyTypes } from './find-coordinator.js';
import type { Coordinator, KeyType } from './find-coordinator.js';

/*
  FindCoordinator Request (Version: 3) => key key_type TAG_BUFFER
    key => COMPACT_STRING
    key_type => INT8

  FindCoordinator Response (Version: 3) => throttle_time_ms error_code error_message node_id host port TAG_BUFFER
    throttle_time_ms => INT32
    error_code => INT16
    error_message => COMPACT_NULLABLE_STRING
    node_id => INT32
    host => COMPACT_STRING
    port => INT32
*/
export const findCoordinatorV3 = api<{ type: KeyType; key: string }, Omit<Coordinator, 'key'>>(
  ['FindCoordinator', 10, 3],
  ({ type, key }, writer) => writer.appendString(key).appendInt8(keyTypes[type]).appendTaggedFields(),
  (r) => {
    r.readThrottle();
    const code = r.readInt16();
    r.readNullableString();
    const node = r.readInt32();
    r.readString();
    r.readInt32();
    return { code, node };
  },
);
