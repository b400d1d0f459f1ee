import { z } from 'zod';
import { pack, unpack, type Packed } from './packed.js';

export interface MadeAcl {
  resourceType: string;
  resourceName: string;
  patternType: string;
  principal: string;
  host: string;
  operation: string;
  permission: string;
}

/**
 * ACLs that differ in the names of their resources alone: applications have the same rights on a thousand topics. Those
 * named as a topic of the list that stands beside them are places in it.
 */
export interface PackedAcls extends Omit<MadeAcl, 'resourceName'> {
  topics?: Packed;
  names?: string[];
}

export const packedAclsShape: z.ZodType<PackedAcls> = z.object({
  resourceType: z.string(),
  patternType: z.string(),
  principal: z.string(),
  host: z.string(),
  operation: z.string(),
  permission: z.string(),
  topics: z.string().optional(),
  names: z.array(z.string()).optional(),
});

/** @param topics names in the order of the migration file */
export function packAcls(topics: readonly string[], acls: readonly MadeAcl[]): PackedAcls[] {
  const places = new Map(topics.map((topic, place) => [topic, BigInt(place)]));
  const alike = new Map<string, { like: Omit<MadeAcl, 'resourceName'>; places: bigint[]; names: string[] }>();
  for (const { resourceType, resourceName, patternType, principal, host, operation, permission } of acls) {
    const like = { resourceType, patternType, principal, host, operation, permission };
    const key = JSON.stringify(Object.values(like));
    const of = alike.get(key) ?? { like, places: [], names: [] };
    alike.set(key, of);
    const place = places.get(resourceName);
    if (place === undefined) of.names.push(resourceName);
    else of.places.push(place);
  }
  return [...alike.values()].map(({ like, places, names }) => ({
    ...like,
    ...(places.length > 0 && {
      topics: pack(places.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))),
    }),
    ...(names.length > 0 && { names }),
  }));
}

/** ACLs of before name one resource each, and are read too. */
export function unpackAcls(topics: readonly string[], acls: readonly (MadeAcl | PackedAcls)[]): MadeAcl[] {
  return acls.flatMap((acl) => {
    if ('resourceName' in acl) return [acl];
    const { topics: places, names = [], ...like } = acl;
    const named = (places === undefined ? [] : unpack(places)).flatMap((place) => {
      const topic = topics[Number(place)];
      if (topic === undefined) throw new TypeError('These ACLs were taken down for other topics.');
      return [topic];
    });
    return [...named, ...names].map((resourceName) => ({ ...like, resourceName }));
  });
}
