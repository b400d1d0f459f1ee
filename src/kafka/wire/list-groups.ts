export interface ListedGroup {
  group: string;
  /** `consumer` for consumer groups of both protocols, `connect` for Connect workers, and so on; may be empty. */
  protocolType: string;
  state: string;
  /** `Classic`, `Consumer`, `Share`, `Streams`; `Classic` where the broker knows no types. */
  type: string;
}

export interface ListGroupsResponse {
  code: number;
  groups: ListedGroup[];
}
