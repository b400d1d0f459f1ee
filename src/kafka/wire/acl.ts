import type { Writer } from '@platformatic/kafka';
import type { WireReader } from './reader.js';

/** A binding, or a filter of bindings, in the protocol's numbers. `null` and `any` match everything. */
export interface WireAcl<Text extends string | null = string> {
  resourceType: number;
  resourceName: Text;
  patternType: number;
  principal: Text;
  host: Text;
  operation: number;
  permission: number;
}

/** Every enumeration of the ACL requests has this value for "any" in a filter. */
export const any = 1;

/*
  resource_type resource_name pattern_type principal host operation permission_type
    resource_type => INT8
    resource_name => COMPACT_STRING       nullable in a filter
    pattern_type => INT8
    principal => COMPACT_STRING       nullable in a filter
    host => COMPACT_STRING       nullable in a filter
    operation => INT8
    permission_type => INT8
*/
export function appendAcl(writer: Writer, acl: WireAcl<string | null>): Writer {
  return writer
    .appendInt8(acl.resourceType)
    .appendString(acl.resourceName)
    .appendInt8(acl.patternType)
    .appendString(acl.principal)
    .appendString(acl.host)
    .appendInt8(acl.operation)
    .appendInt8(acl.permission);
}

export function readAcl(r: WireReader): WireAcl {
  return {
    resourceType: r.readInt8(),
    resourceName: r.readString(),
    patternType: r.readInt8(),
    principal: r.readString(),
    host: r.readString(),
    operation: r.readInt8(),
    permission: r.readInt8(),
  };
}
