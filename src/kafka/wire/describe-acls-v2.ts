import { appendAcl } from './acl.js';
import type { WireAcl } from './acl.js';
import { api } from './api.js';

/*
  DescribeAcls Request (Version: 2) => resource_type_filter resource_name_filter pattern_type_filter principal_filter host_filter operation permission_type TAG_BUFFER
    resource_type_filter => INT8
    resource_name_filter => COMPACT_NULLABLE_STRING
    pattern_type_filter => INT8
    principal_filter => COMPACT_NULLABLE_STRING
    host_filter => COMPACT_NULLABLE_STRING
    operation => INT8
    permission_type => INT8

  DescribeAcls Response (Version: 2) => throttle_time_ms error_code error_message [resources] TAG_BUFFER
    throttle_time_ms => INT32
    error_code => INT16
    error_message => COMPACT_NULLABLE_STRING
    resources => resource_type resource_name pattern_type [acls] TAG_BUFFER
      resource_type => INT8
      resource_name => COMPACT_STRING
      pattern_type => INT8
      acls => principal host operation permission_type TAG_BUFFER
        principal => COMPACT_STRING
        host => COMPACT_STRING
        operation => INT8
        permission_type => INT8
*/
export const describeAclsV2 = api<WireAcl<string | null>, { code: number; acls: WireAcl[] }>(
  ['DescribeAcls', 29, 2],
  (filter, writer) => appendAcl(writer, filter).appendTaggedFields(),
  (r) => {
    r.readThrottle();
    const code = r.readInt16();
    r.readNullableString();
    const resources = r.readArray(() => {
      const resource = {
        resourceType: r.readInt8(),
        resourceName: r.readString(),
        patternType: r.readInt8(),
      };
      return r.readArray(() => ({
        ...resource,
        principal: r.readString(),
        host: r.readString(),
        operation: r.readInt8(),
        permission: r.readInt8(),
      }));
    });
    return { code, acls: resources.flat() };
  },
);
