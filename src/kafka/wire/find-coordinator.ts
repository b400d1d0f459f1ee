/** Who coordinates a group or a transactional id. Version 3 answers for one key, version 4 for many. */
export interface Coordinator {
  key: string;
  node: number;
  code: number;
}

/** key_type: what the keys name. */
export const keyTypes = { group: 0, transactionalId: 1 } as const;
export type KeyType = keyof typeof keyTypes;
