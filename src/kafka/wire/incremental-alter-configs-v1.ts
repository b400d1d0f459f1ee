import { api } from './api.js';
import type { ConfigResource } from './config-resource.js';

export interface AlteredConfigs extends ConfigResource {
  /** `null` takes the entry away, so that the default shows through again. */
  entries: Readonly<Record<string, string | null>>;
}

const set = 0;
const remove = 1;

/*
  IncrementalAlterConfigs Request (Version: 1) => [resources] validate_only TAG_BUFFER
    resources => resource_type resource_name [configs] TAG_BUFFER
      resource_type => INT8
      resource_name => COMPACT_STRING
      configs => name config_operation value TAG_BUFFER
        name => COMPACT_STRING
        config_operation => INT8
        value => COMPACT_NULLABLE_STRING
    validate_only => BOOLEAN

  IncrementalAlterConfigs Response (Version: 1) => throttle_time_ms [responses] TAG_BUFFER
    throttle_time_ms => INT32
    responses => error_code error_message resource_type resource_name TAG_BUFFER
      error_code => INT16
      error_message => COMPACT_NULLABLE_STRING
      resource_type => INT8
      resource_name => COMPACT_STRING
*/
export const incrementalAlterConfigsV1 = api<readonly AlteredConfigs[], { code: number; name: string }[]>(
  ['IncrementalAlterConfigs', 44, 1],
  (resources, writer) =>
    writer
      .appendArray([...resources], (w, { type, name, entries }) =>
        w
          .appendInt8(type)
          .appendString(name)
          .appendArray(Object.entries(entries), (w, [key, value]) =>
            w
              .appendString(key)
              .appendInt8(value === null ? remove : set)
              .appendString(value),
          ),
      )
      .appendBoolean(false)
      .appendTaggedFields(),
  (r) => {
    r.readThrottle();
    return r.readArray(() => {
      const code = r.readInt16();
      r.readNullableString();
      r.readInt8();
      return { code, name: r.readString() };
    });
  },
);
