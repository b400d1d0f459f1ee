import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../app/config/config.js';

const pem = (what: string, text: string) => `-----BEGIN ${what}-----\n${text}\n-----END ${what}-----\n`;

export const pems = {
  ca: pem('CERTIFICATE', 'CA'),
  certificate: pem('CERTIFICATE', 'CRT'),
  key: pem('PRIVATE KEY', 'KEY-TEXT'),
};

/** A folder with the files that the configurations of a test name. */
export class ConfigFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'ferry-config-'));

  constructor() {
    writeFileSync(join(this.path, 'ca.pem'), pems.ca);
    writeFileSync(join(this.path, 'ferry.crt'), pems.certificate);
    writeFileSync(join(this.path, 'ferry.key'), pems.key);
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
