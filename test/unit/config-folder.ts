import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../app/config/config.js';

/** A folder with the files that the configurations of a test name. */
export class ConfigFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'ferry-config-'));

  constructor() {
    writeFileSync(join(this.path, 'ca.pem'), 'CA');
    writeFileSync(join(this.path, 'ferry.crt'), 'CRT');
    writeFileSync(join(this.path, 'ferry.key'), 'KEY-TEXT');
    writeFileSync(join(this.path, 'onprem.password'), 'from a file\n');
  }

  read(yaml: string, environment: Record<string, string> = {}, temporalOnly = false) {
    const path = join(this.path, 'ferry.yaml');
    writeFileSync(path, yaml);
    return readConfig({ path, environment, temporalOnly });
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}
