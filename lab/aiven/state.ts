import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { aivenFiles } from './layout.js';

export interface OwnAcl {
  id: string;
  permission: 'admin' | 'read' | 'readwrite' | 'write';
  topic: string;
  username: string;
}

export interface NativeAcl {
  id: string;
  operation: string;
  pattern_type: 'LITERAL' | 'PREFIXED';
  permission_type: 'ALLOW' | 'DENY';
  principal: string;
  resource_name: string;
  resource_type: string;
  host: string;
}

export interface RegistryAcl {
  id: string;
  permission: 'schema_registry_read' | 'schema_registry_write';
  resource: string;
  username: string;
}

/** What the stand-in knows beside what the brokers know. */
export interface State {
  powered: boolean;
  users: string[];
  acl: OwnAcl[];
  kafka_acl: NativeAcl[];
  /** Kept, and enforced by nobody: the registries of the lab have no logins. */
  registry_acl: RegistryAcl[];
  /** Topics of which the first request was answered with 501. */
  asked: string[];
}

const empty: State = { powered: true, users: [], acl: [], kafka_acl: [], registry_acl: [], asked: [] };

/** The state in a file, so that a stand-in that was killed goes on where it was. */
export class Kept {
  private constructor(
    private readonly file: string,
    readonly now: State,
  ) {}

  static of(folder: string): Kept {
    const file = aivenFiles(folder).state;
    try {
      return new Kept(file, JSON.parse(readFileSync(file, 'utf8')) as State);
    } catch {
      return new Kept(file, structuredClone(empty));
    }
  }

  change(how: (state: State) => void): void {
    how(this.now);
    writeFileSync(`${this.file}.partial`, JSON.stringify(this.now, undefined, 2), { mode: 0o600 });
    renameSync(`${this.file}.partial`, this.file);
  }

  /** As Aiven's look: a kind and some hexadecimal digits. */
  newId(kind: string): string {
    return `${kind}${randomBytes(6).toString('hex')}`;
  }
}
