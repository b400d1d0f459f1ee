import { appendAcl } from './acl.js';
import type { WireAcl } from './acl.js';
import { api } from './api.js';

/*
  CreateAcls Request (Version: 2) => [creations] TAG_BUFFER
    creations => resource_type resource_name pattern_type principal host operation permission_type TAG_BUFFER

  CreateAcls Response (Version: 2) => throttle_time_ms [results] TAG_BUFFER       one result per creation, in order
    throttle_time_ms => INT32
    results => error_code error_message TAG_BUFFER
      error_code => INT16
      error_message => COMPACT_NULLABLE_STRING
*/
export const createAclsV2 = api<readonly WireAcl[], number[]>(
  ['CreateAcls', 30, 2],
  (acls, writer) => writer.appendArray([...acls], appendAcl).appendTaggedFields(),
  (r) => {
    r.readThrottle();
    return r.readArray(() => {
      const code = r.readInt16();
      r.readNullableString();
      return code;
    });
  },
);
