import { appendAcl, readAcl } from './acl.js';
import type { WireAcl } from './acl.js';
import { api } from './api.js';

export interface DeletedAcls {
  code: number;
  matching: { code: number; acl: WireAcl }[];
}

/*
  DeleteAcls Request (Version: 2) => [filters] TAG_BUFFER
    filters => resource_type_filter resource_name_filter pattern_type_filter principal_filter host_filter operation permission_type TAG_BUFFER

  DeleteAcls Response (Version: 2) => throttle_time_ms [filter_results] TAG_BUFFER       one result per filter, in order
    throttle_time_ms => INT32
    filter_results => error_code error_message [matching_acls] TAG_BUFFER
      error_code => INT16
      error_message => COMPACT_NULLABLE_STRING
      matching_acls => error_code error_message resource_type resource_name pattern_type principal host operation permission_type TAG_BUFFER
*/
export const deleteAclsV2 = api<readonly WireAcl[], DeletedAcls[]>(
  ['DeleteAcls', 31, 2],
  (acls, writer) => writer.appendArray([...acls], appendAcl).appendTaggedFields(),
  (r) => {
    r.readThrottle();
    return r.readArray(() => {
      const code = r.readInt16();
      r.readNullableString();
      const matching = r.readArray(() => {
        const code = r.readInt16();
        r.readNullableString();
        return { code, acl: readAcl(r) };
      });
      return { code, matching };
    });
  },
);
