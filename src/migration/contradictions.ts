import { z } from 'zod';
import { parseDuration } from './duration.js';
import type { Mistake } from './mistakes.js';
import { strategies, usualMirror } from './strategies.js';

/** What the file says about itself and cannot be: checked whatever else is wrong with it. */
export function contradictions(input: unknown): Mistake[] {
  const file = z
    .looseObject({
      strategy: z.string().optional().catch(undefined),
      mirror: z.string().optional().catch(undefined),
      connect: z.string().optional().catch(undefined),
      schemas: z.unknown().optional(),
      source: z.string().optional().catch(undefined),
      target: z.string().optional().catch(undefined),
      messages: z
        .looseObject({ idempotent: z.boolean().optional().catch(undefined) })
        .optional()
        .catch(undefined),
      topics: z
        .array(
          z.looseObject({
            name: z.string().optional().catch(undefined),
            newName: z.string().optional().catch(undefined),
          }),
        )
        .optional()
        .catch(undefined),
      consumers: z
        .array(
          z.looseObject({
            topics: z.array(z.string()).optional().catch(undefined),
            commitsEvery: z.string().optional().catch(undefined),
          }),
        )
        .optional()
        .catch(undefined),
      waits: z
        .looseObject({
          quiet: z.string().optional().catch(undefined),
          patience: z.string().optional().catch(undefined),
        })
        .optional()
        .catch(undefined),
    })
    .safeParse(input).data;
  if (!file) return [];
  const mistakes: Mistake[] = [];
  if (file.source !== undefined && file.source === file.target)
    mistakes.push({ path: 'target', expected: 'expected another cluster than the source' });
  if (file.strategy === 'doubleProducer' && file.messages?.idempotent === false)
    mistakes.push({
      path: 'messages.idempotent',
      expected: `expected true for doubleProducer, which suits when ${strategies.doubleProducer.suits}: some messages are processed twice`,
    });
  if (file.strategy === 'simpleMirroring' && file.schemas !== undefined)
    mistakes.push({
      path: 'schemas',
      expected: `expected advancedMirroring for topics with schemas: simpleMirroring suits when ${strategies.simpleMirroring.suits}`,
    });
  if (translatesIds(file.schemas) && !copiesBy('engine', file))
    mistakes.push({
      path: 'schemas.ids',
      expected:
        'expected keep: only the ferry’s own engine can put other ids into records (advancedMirroring with mirror: engine)',
    });
  if (copiesBy('mirrormaker', file)) {
    if (file.connect === undefined)
      mistakes.push({
        path: 'connect',
        expected:
          'expected the name of a Kafka Connect in ferry.yaml, on which MirrorMaker copies the records (or mirror: engine, to have the ferry copy them)',
      });
    file.topics?.forEach(({ name, newName }, index) => {
      if (newName !== undefined && newName !== name)
        mistakes.push({
          path: `topics[${index}].newName`,
          expected: `expected no other name than ${name ?? 'on the source'}: MirrorMaker copies topics under their own name (mirror: engine can rename)`,
        });
    });
  }
  const names = new Set(file.topics?.map(({ name }) => name));
  file.consumers?.forEach((consumer, index) =>
    consumer.topics?.forEach((name, at) => {
      if (file.topics && !names.has(name))
        mistakes.push({
          path: `consumers[${index}].topics[${at}]`,
          expected: `expected a topic of this migration, not ${name}`,
        });
    }),
  );
  const quiet = parseDuration(file.waits?.quiet ?? '150s');
  const patience = parseDuration(file.waits?.patience ?? '10m');
  if (quiet !== null && patience !== null && patience <= quiet)
    mistakes.push({
      path: 'waits.patience',
      expected: `expected longer than waits.quiet, the window in which the source must stay quiet`,
    });
  file.consumers?.forEach(({ commitsEvery }, index) => {
    const every = parseDuration(commitsEvery ?? '');
    if (every !== null && patience !== null && patience <= 2 * every)
      mistakes.push({
        path: `consumers[${index}].commitsEvery`,
        expected: 'expected less than half of waits.patience: its commits are watched for twice as long',
      });
  });
  return mistakes;
}

/** Of a file, which may be wrong. */
interface Copying {
  strategy?: string | undefined;
  mirror?: string | undefined;
}

const copiesBy = (kind: 'engine' | 'mirrormaker', { strategy, mirror }: Copying): boolean =>
  (strategy === 'simpleMirroring' || strategy === 'advancedMirroring') &&
  (mirror ?? usualMirror(strategy)) === kind;

function translatesIds(schemas: unknown): boolean {
  return z.looseObject({ ids: z.literal('translate') }).safeParse(schemas).success;
}
