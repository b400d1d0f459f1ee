/** resource_type of the configuration requests. */
export const configResource = { topic: 2, broker: 4 } as const;

export interface ConfigResource {
  type: (typeof configResource)[keyof typeof configResource];
  /** The topic's name, or the broker's id as a string. */
  name: string;
}
