import { api } from './api.js';
import type { ConfigResource } from './config-resource.js';

export interface DescribedConfigs {
  code: number;
  name: string;
  entries: {
    name: string;
    value: string | null;
    readOnly: boolean;
    /** 1 topic, 2 dynamic broker, 3 dynamic default broker, 4 static broker, 5 default. */
    source: number;
    sensitive: boolean;
  }[];
}

/*
  DescribeConfigs Request (Version: 4) => [resources] include_synonyms include_documentation TAG_BUFFER
    resources => resource_type resource_name [configuration_keys] TAG_BUFFER
      resource_type => INT8
      resource_name => COMPACT_STRING
      configuration_keys => COMPACT_STRING       null: all
    include_synonyms => BOOLEAN
    include_documentation => BOOLEAN

  DescribeConfigs Response (Version: 4) => throttle_time_ms [results] TAG_BUFFER
    throttle_time_ms => INT32
    results => error_code error_message resource_type resource_name [configs] TAG_BUFFER
      error_code => INT16
      error_message => COMPACT_NULLABLE_STRING
      resource_type => INT8
      resource_name => COMPACT_STRING
      configs => name value read_only config_source is_sensitive [synonyms] config_type documentation TAG_BUFFER
        name => COMPACT_STRING
        value => COMPACT_NULLABLE_STRING
        read_only => BOOLEAN
        config_source => INT8
        is_sensitive => BOOLEAN
        synonyms => name value source TAG_BUFFER
          name => COMPACT_STRING
          value => COMPACT_NULLABLE_STRING
          source => INT8
        config_type => INT8
        documentation => COMPACT_NULLABLE_STRING
*/
export const describeConfigsV4 = api<readonly ConfigResource[], DescribedConfigs[]>(
  ['DescribeConfigs', 32, 4],
  (resources, writer) =>
    writer
      .appendArray([...resources], (w, { type, name }) =>
        w
          .appendInt8(type)
          .appendString(name)
          .appendArray(null, () => {}),
      )
      .appendBoolean(false)
      .appendBoolean(false)
      .appendTaggedFields(),
  (r) => {
    r.readThrottle();
    return r.readArray(() => {
      const code = r.readInt16();
      r.readNullableString();
      r.readInt8();
      const name = r.readString();
      const entries = r.readArray(() => {
        const entry = {
          name: r.readString(),
          value: r.readNullableString(),
          readOnly: r.readBoolean(),
          source: r.readInt8(),
          sensitive: r.readBoolean(),
        };
        r.readArray(() => {
          r.readString();
          r.readNullableString();
          r.readInt8();
        });
        r.readInt8();
        r.readNullableString();
        return entry;
      });
      return { code, name, entries };
    });
  },
);
