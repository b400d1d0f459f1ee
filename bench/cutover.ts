import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../lab/lab.js';
import { WorkerProcess } from '../lab/rehearsal/worker-process.js';
import { createTopic } from './mirror/fill.js';
import { copyOf, startMirrorMaker } from './mirror/mirrormaker.js';
import { LoadedGroup, type Names, partitions } from './cutover/loaded-group.js';
import { movedByFerry } from './cutover/by-ferry.js';
import { movedByMirrorMaker } from './cutover/by-mirrormaker.js';
import { median, rounded, table } from './report.js';
import { onStage, type Say, type Stage } from './stage.js';

const cutoverEngines = ['ferry', 'mirrormaker'] as const;
type CutoverEngine = (typeof cutoverEngines)[number];

interface Cutover {
  /** Between two checkpoints of MirrorMaker, and between two commits of what it has translated. */
  intervalSeconds: number;
  messagesPerSecond: number;
  rows: CutoverRow[];
  /** Medians. */
  pauseSeconds: Record<CutoverEngine, number>;
}

export interface CutoverRow {
  engine: CutoverEngine;
  repetition: number;
  /** From the last message that the group processed on the source to the first on the target. */
  pauseSeconds: number;
  /** Messages. */
  twice: number;
  lost: number;
}

const intervalSeconds = 5;
const messagesPerSecond = 1_000;
const alias = 'mm';
/** The group goes on under load for so long before and after it moves. */
const underLoadMs = 5_000;

const namesOf = (engine: CutoverEngine, repetition: number): Names => {
  const topic = `cutover-${engine}-${repetition}`;
  return {
    topic,
    // By its own name, as a user of identity names has it; MirrorMaker alone is left its usual one.
    copy: engine === 'ferry' ? topic : copyOf(alias, topic),
    group: `cutover-group-${engine}-${repetition}`,
  };
};

/**
 * Moves one group under load, again and again: as a step of `advancedMirroring`, and by MirrorMaker's own synchronisation
 * of group offsets.
 * @throws LabError when something could not be measured.
 */
export async function cutover(repetitions: number, say: Say): Promise<Cutover> {
  return onStage(
    say,
    async (stage) => {
      const all = Array.from({ length: repetitions }, (_, index) => index + 1);
      say('starting Kafka Connect');
      await stage.lab.startConnect();
      const worker = new WorkerProcess(stage.lab);
      stage.onEnd(() => worker.stop());
      worker.start();
      for (const repetition of all)
        for (const engine of cutoverEngines)
          await createTopic(stage.source, namesOf(engine, repetition).topic, partitions, {});
      for (const repetition of all)
        await createTopic(stage.target, namesOf('mirrormaker', repetition).copy, partitions, {});
      const mirrorMaker = await startMirrorMaker(stage.lab, {
        alias,
        topics: all.map((repetition) => namesOf('mirrormaker', repetition).topic),
        codec: 'none',
        settings,
      });
      stage.onEnd(() => mirrorMaker.stop());

      const rows: CutoverRow[] = [];
      for (const repetition of all)
        for (const engine of cutoverEngines) {
          say(`moving a group with ${engine}, ${repetition} of ${repetitions}`);
          rows.push({ engine, repetition, ...(await moved(stage, engine, namesOf(engine, repetition))) });
        }
      const pause = (engine: CutoverEngine) =>
        rounded(median(rows.filter((row) => row.engine === engine).map((row) => row.pauseSeconds)));
      return {
        ...{ intervalSeconds, messagesPerSecond, rows },
        pauseSeconds: { ferry: pause('ferry'), mirrormaker: pause('mirrormaker') },
      };
    },
    { name: 'bench-cutover' },
  );
}

/** What users set who want their groups to move soon: every 5 s instead of every 60. */
const settings = {
  groups: 'cutover-group-.*',
  'refresh.groups.interval.seconds': intervalSeconds,
  'emit.checkpoints.interval.seconds': intervalSeconds,
  'sync.group.offsets.enabled': true,
  'sync.group.offsets.interval.seconds': intervalSeconds,
  'offset.flush.interval.ms': intervalSeconds * 1000,
};

async function moved(
  stage: Stage,
  engine: CutoverEngine,
  names: Names,
): Promise<Omit<CutoverRow, 'engine' | 'repetition'>> {
  const folder = join(stage.lab.folder, 'ledger', names.topic);
  const group = await LoadedGroup.start(stage.lab, names, { folder, messagesPerSecond });
  try {
    await sleep(underLoadMs);
    const end =
      engine === 'ferry'
        ? await movedByFerry(stage, names, group)
        : await movedByMirrorMaker(stage, names, group, intervalSeconds);
    await sleep(underLoadMs);
    const { lost, twice } = await group.account();
    const pauseSeconds = await group.pauseSeconds();
    await end();
    if (pauseSeconds === undefined)
      throw new LabError(`${names.group} processed nothing on one of the clusters.`);
    return { pauseSeconds: rounded(pauseSeconds), twice, lost };
  } finally {
    await group.stop();
  }
}

/** For a person. */
export function printCutover({ intervalSeconds, messagesPerSecond, rows, pauseSeconds }: Cutover): string {
  return [
    `One group moved at ${messagesPerSecond} messages a second; MirrorMaker translates and commits every ${intervalSeconds} s. Goal: 0 twice, 0 lost, and no longer a pause.`,
    table(
      ['', 'repetition', 'pause, s', 'twice', 'lost'],
      rows.map((row) => [row.engine, ...[row.repetition, row.pauseSeconds, row.twice, row.lost].map(String)]),
    ),
    `Median of the pause: ferry ${pauseSeconds.ferry} s, mirrormaker ${pauseSeconds.mirrormaker} s.`,
  ].join('\n');
}
