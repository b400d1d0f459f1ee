import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { ferry } from '../../app/cli/program.js';
import type { Lab } from '../../lab/lab.js';
import type { MigrationFile } from '../../src/migration/file.js';

export interface ConfigFile {
  temporal: { address: string; taskQueue?: string };
  clusters: Record<string, { bootstrap: string[]; sasl?: { passwordFile?: string; password?: string } }>;
  worker?: { health: string };
}

export interface Ended {
  code: number | undefined;
  out: string;
  err: string[];
}

/** Runs a verb in this process; `lines` and `err` are given each line as it is printed. */
export async function runFerry(
  ferryYaml: string,
  words: readonly string[],
  lines: string[] = [],
  err: string[] = [],
): Promise<Ended> {
  let code: number | undefined;
  await ferry(words, {
    terminal: {
      print: (text) => void lines.push(text),
      complain: (text) => void err.push(text),
      redraws: false,
      redraw: () => undefined,
    },
    environment: { FERRY_CONFIG: ferryYaml },
    end: (exitCode) => (code = exitCode),
  });
  return { code, out: lines.join('\n'), err };
}

/** The command line as a person has it: a folder with a `ferry.yaml` of the lab and files of migrations. */
export class CommandLine {
  readonly ferryYaml: string;
  private readonly folder = mkdtempSync(join(tmpdir(), 'ferry-cli-'));

  /** @param change of the configuration of the lab */
  constructor(
    private readonly lab: Lab,
    change: (config: ConfigFile) => void = () => undefined,
  ) {
    this.ferryYaml = this.config('ferry', change);
  }

  close(): void {
    rmSync(this.folder, { recursive: true });
  }

  /** A configuration of the lab with something about it changed. */
  config(name: string, change: (config: ConfigFile) => void): string {
    const config = parse(readFileSync(this.lab.ferryYaml, 'utf8')) as ConfigFile;
    change(config);
    return this.write(`${name}.yaml`, config);
  }

  file(migration: MigrationFile): string {
    return this.write(`${migration.name}.migration.yaml`, migration);
  }

  run(words: readonly string[], lines?: string[], err?: string[]): Promise<Ended> {
    return runFerry(this.ferryYaml, words, lines, err);
  }

  private write(name: string, content: object): string {
    const path = join(this.folder, name);
    writeFileSync(path, stringify(content));
    return path;
  }
}
