import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { freePorts } from '../../lab/host/ports.js';
import { eventually } from '../eventually.js';
import { runProgram } from './program.js';

/** Prometheus's own checker, run to its end. @throws Error with what it printed */
export async function promtool(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runProgram('promtool', args).catch(() => {
    throw new Error('There is no promtool on PATH: install it (Debian: apt-get install prometheus).');
  });
  if (code !== 0) throw new Error(`promtool ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

interface Series {
  metric: Record<string, string>;
  value: [number, string];
}

/** A real Prometheus that scrapes workers each second and evaluates rules. */
export class Prometheus {
  private constructor(
    private readonly url: string,
    private readonly end: () => Promise<void>,
  ) {}

  /** @param targets `host:port` of each worker's metrics */
  static async start(targets: readonly string[], rules: string): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), 'ferry-prometheus-'));
    const [port] = (await freePorts(1)) as [number];
    const config = join(folder, 'prometheus.yaml');
    writeFileSync(
      config,
      stringify({
        global: { scrape_interval: '1s', evaluation_interval: '1s' },
        rule_files: [resolve(rules)],
        scrape_configs: [{ job_name: 'kafka-ferry', static_configs: [{ targets }] }],
      }),
    );
    const child = spawn(
      'prometheus',
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    const gone = once(child, 'exit');
    const prometheus = new Prometheus(`http://127.0.0.1:${port}`, async () => {
      child.kill('SIGTERM');
      await gone;
      rmSync(folder, { recursive: true });
    });
    await eventually(
      async () =>
        fetch(`${prometheus.url}/-/ready`).then(
          ({ ok }) => ok,
          () => false,
        ),
      (ready) => ready,
    );
    return prometheus;
  }

  stop(): Promise<void> {
    return this.end();
  }

  /** @throws Error with what it says of a query that is none */
  async query(query: string): Promise<Series[]> {
    const { result } = (await this.get(`query?${new URLSearchParams({ query }).toString()}`)) as {
      result: Series[];
    };
    return result;
  }

  /** By name: whether its expression could be evaluated, and what it says now. */
  async rules(): Promise<Map<string, { health: string; state: string }>> {
    const { groups } = (await this.get('rules')) as {
      groups: { rules: { name: string; health: string; state: string }[] }[];
    };
    return new Map(groups.flatMap(({ rules }) => rules.map((rule) => [rule.name, rule])));
  }

  private async get(path: string): Promise<unknown> {
    const answer = await fetch(`${this.url}/api/v1/${path}`);
    const { status, error, data } = (await answer.json()) as {
      status: string;
      error?: string;
      data: unknown;
    };
    if (status !== 'success') throw new Error(`${path}: ${error}`);
    return data;
  }
}
