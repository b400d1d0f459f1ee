import type { Attempt } from '../../activities/kit/attempt.js';
import {
  copyRegistry,
  type Before,
  type Copied,
  type CopyInput,
} from '../../activities/schemas/schema-copy.js';
import {
  startRegistryDouble,
  type DoubleOptions,
  type RegistryDouble,
} from '../../lab/registry-double/server.js';
import { openRegistry } from '../../src/registry/open.js';
import type { Registry } from '../../src/registry/registry.js';

/** Two registries of a test's own. */
export interface Ground {
  source: Registry;
  target: Registry;
  doubles: { source: RegistryDouble; target: RegistryDouble };
  copy(subjects: readonly string[], options?: CopyOptions): Promise<Copied>;
  close(): Promise<void>;
}

export interface CopyOptions extends Partial<Omit<CopyInput, 'moves'>> {
  rename?: Record<string, string>;
  named?: boolean;
  attempt?: Partial<Attempt>;
  before?: Before;
}

export async function openGround(
  options: { source?: DoubleOptions; target?: DoubleOptions } = {},
): Promise<Ground> {
  const doubles = {
    source: await startRegistryDouble(options.source),
    target: await startRegistryDouble(options.target),
  };
  const source = openRegistry('registry-a', { url: doubles.source.url, pausesMs: [] });
  const target = openRegistry('registry-b', { url: doubles.target.url, pausesMs: [] });
  return {
    source,
    target,
    doubles,
    copy: (subjects, { rename = {}, named = true, attempt = {}, before, ...input } = {}) =>
      copyRegistry(
        {
          source,
          target,
          ids: 'keep',
          accepted: [],
          ...input,
          moves: { subjects, named, rename: (subject) => rename[subject] ?? subject },
        },
        {
          noted: undefined,
          note: async () => undefined,
          says: () => undefined,
          signal: new AbortController().signal,
          ...attempt,
        },
        before,
      ),
    close: async () => {
      source.close();
      target.close();
      await Promise.all([doubles.source.close(), doubles.target.close()]);
    },
  };
}

/** What a registry holds of its subjects, without what the ferry reserves for itself: to compare two of them. */
export async function holdings(registry: Registry): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const subject of (await registry.subjects({ deleted: true })).sort()) {
    if (subject.startsWith('kafka-ferry')) continue;
    const live = await registry.versions(subject);
    for (const number of await registry.versions(subject, { deleted: true })) {
      const { id, text, references } = (await registry.version(subject, number))!;
      found[`${subject}/${number}`] = { id, text, references, deleted: !live.includes(number) };
    }
  }
  return found;
}
