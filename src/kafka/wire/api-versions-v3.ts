import { api } from './api.js';

export interface ApiVersionsRequest {
  software: string;
  softwareVersion: string;
}

export interface ApiVersionsResponse {
  code: number;
  versions: { key: number; min: number; max: number }[];
}

/*
  ApiVersions Request (Version: 3) => client_software_name client_software_version TAG_BUFFER
    client_software_name => COMPACT_STRING
    client_software_version => COMPACT_STRING

  ApiVersions Response (Version: 3) => error_code [api_keys] throttle_time_ms TAG_BUFFER
    error_code => INT16
    api_keys => api_key min_version max_version TAG_BUFFER
      api_key => INT16
      min_version => INT16
      max_version => INT16
    throttle_time_ms => INT32

  The header of the answer carries no tagged fields (KIP-511), since a client cannot know yet whether the broker has them.
*/
export const apiVersionsV3 = api<ApiVersionsRequest, ApiVersionsResponse>(
  ['ApiVersions', 18, 3],
  ({ software, softwareVersion }, writer) =>
    writer.appendString(software).appendString(softwareVersion).appendTaggedFields(),
  (r) => {
    const code = r.readInt16();
    // A broker that does not know this version says so in the form of version 0.
    if (code !== 0) {
      r.readRest();
      return { code, versions: [] };
    }
    const versions = r.readArray(() => ({ key: r.readInt16(), min: r.readInt16(), max: r.readInt16() }));
    r.readThrottle();
    return { code, versions };
  },
  { taggedAnswer: false },
);
