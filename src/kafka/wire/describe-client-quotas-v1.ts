import { api } from './api.js';

export interface ClientQuotas {
  code: number;
  entries: {
    /** `name` is `null` for the default of its type. */
    entity: { type: string; name: string | null }[];
    values: { key: string; value: number }[];
  }[];
}

/*
  DescribeClientQuotas Request (Version: 1) => [components] strict TAG_BUFFER        no components: every quota
    components => entity_type match_type match TAG_BUFFER
      entity_type => COMPACT_STRING
      match_type => INT8
      match => COMPACT_NULLABLE_STRING
    strict => BOOLEAN

  DescribeClientQuotas Response (Version: 1) => throttle_time_ms error_code error_message [entries] TAG_BUFFER
    throttle_time_ms => INT32
    error_code => INT16
    error_message => COMPACT_NULLABLE_STRING
    entries => [entity] [values] TAG_BUFFER
      entity => entity_type entity_name TAG_BUFFER
        entity_type => COMPACT_STRING
        entity_name => COMPACT_NULLABLE_STRING
      values => key value TAG_BUFFER
        key => COMPACT_STRING
        value => FLOAT64
*/
export const describeClientQuotasV1 = api<void, ClientQuotas>(
  ['DescribeClientQuotas', 48, 1],
  (_, writer) =>
    writer
      .appendArray([], (w) => w)
      .appendBoolean(false)
      .appendTaggedFields(),
  (r) => {
    r.readThrottle();
    const code = r.readInt16();
    r.readNullableString();
    const entries = r.readArray(() => ({
      entity: r.readArray(() => ({ type: r.readString(), name: r.readNullableString() })),
      values: r.readArray(() => ({ key: r.readString(), value: r.readFloat64() })),
    }));
    return { code, entries };
  },
);
