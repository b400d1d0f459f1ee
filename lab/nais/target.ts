import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import type { MigrationFile } from '../../src/migration/file.js';
import { LabError, type Lab } from '../lab.js';
import { consumers, producers } from '../principals.js';
import { synchronize } from './controller.js';
import { kafkaPool } from './kafka-pool.js';
import { topicOf } from './resource.js';

const pool = 'lab';
const namespace = 'shop';
const applications = [...producers, ...consumers].map((application) => ({ team: namespace, application }));

/** What the migration file says for a target on NAIS: who the applications are, and a replica more than one. */
export const naisChanges = (file: MigrationFile): Partial<MigrationFile> => ({
  topics: file.topics.map((topic) => ({ ...topic, replicationFactor: 2 })),
  principals: Object.fromEntries(
    applications.map(({ team, application }) => [`User:${application}`, { team, application }]),
  ),
});

/** Exit code of a plan that asks a person. */
const asks = 3;

/** What a person accepts on the way: by the rules of the findings. */
export const naisAccepts = ['topic-loss', 'grant-loss', 'grants-not-shown', 'replication', 'not-as-declared'];

/** The target of a lab as one on NAIS: the ferry writes Topics, and something like kafkarator makes them. */
export class NaisTarget {
  readonly #folder: string;

  constructor(
    private readonly lab: Lab,
    private readonly say: (line: string) => void,
  ) {
    this.#folder = join(lab.folder, 'topics');
  }

  /** Has `ferry.yaml` of the lab say so; before a worker starts. */
  async declare(): Promise<void> {
    const config = parse(await readFile(this.lab.ferryYaml, 'utf8')) as { clusters: { target: object } };
    config.clusters.target = {
      ...config.clusters.target,
      provision: { kind: 'nais', pool, namespace, folder: this.#folder },
    };
    await writeFile(this.lab.ferryYaml, stringify(config), { mode: 0o600 });
  }

  /** What a person does first: `ferry plan --write`. */
  async plan(file: MigrationFile): Promise<void> {
    const path = join(this.lab.folder, `${file.name}.yaml`);
    await writeFile(path, stringify(file));
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', 'app/cli/main.ts', 'plan', path, '--write', '--config', this.lab.ferryYaml],
      { cwd: fileURLToPath(new URL('../..', import.meta.url)), stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let printed = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        printed += chunk.toString();
      });
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0 && code !== asks) throw new LabError(`ferry plan --write ended with ${code}: ${printed}`);
    for (const line of printed.trimEnd().split('\n')) this.say(`    ${line}`);
  }

  /** What the platform does when the files are deployed. */
  async deploy(): Promise<void> {
    const to = kafkaPool(this.lab.target, applications);
    for (const file of await readdir(this.#folder)) {
      const text = await readFile(join(this.#folder, file), 'utf8');
      for (const line of text.trimEnd().split('\n')) this.say(`    ${line}`);
      const { synchronizationState, fullyQualifiedName, errors } = await synchronize(to, topicOf(text));
      if (synchronizationState !== 'RolloutComplete')
        throw new LabError(`${fullyQualifiedName}: ${synchronizationState}: ${errors.join('; ')}`);
      this.say(`  the controller has made ${fullyQualifiedName}: ${synchronizationState}`);
    }
  }
}
