/** Who coordinates a group. Version 3 answers for one key, version 4 for many. */
export interface Coordinator {
  key: string;
  node: number;
  code: number;
}

/** key_type of consumer groups; 1 would be transactional ids. */
export const groupKey = 0;
