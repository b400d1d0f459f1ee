import { loadavg } from 'node:os';
import { type BrokerCount, LabError } from '../lab/lab.js';
import { type Copied, followCopy } from './mirror/copying.js';
import { type Engine, engines } from './mirror/engine.js';
import { startEngine, targetTopic } from './mirror/engines.js';
import { createTopic, fill, targetConfig } from './mirror/fill.js';
import type { Content } from './mirror/log-content.js';
import { type Shape, shapes, sourceTopic } from './mirror/topics.js';
import { rounded, table } from './report.js';
import { onStage, type Say, type Stage } from './stage.js';

interface Mirror {
  /** Of each cluster. */
  brokers: BrokerCount;
  rows: MirrorRow[];
  /** One for each topic. */
  ratios: MirrorRatios[];
  goals: { vsMirrorMaker: number; cpuVsMirrorMaker: number; vsLimit: number };
}

export interface MirrorRow {
  topic: string;
  engine: Engine;
  /** Bytes of the source's log, as stored there, in 10⁶. */
  mbPerSecond: number;
  recordsPerSecond: number;
  /** Of the engine's process alone, for 10⁹ bytes of the source's log. */
  cpuSecondsPerGb: number;
  peakRssMb: number;
  /** False for an engine whose time was over first; its figures are of what it managed. */
  complete: boolean;
}

/** The ferry's figure divided by that of the other; `null` when one of them was not measured. */
export interface MirrorRatios {
  topic: string;
  vsMirrorMaker: number | null;
  vsKafkajs: number | null;
  vsLimit: number | null;
  cpuVsMirrorMaker: number | null;
}

export interface MirrorOptions {
  /** What `share` of a topic is a part of, in MB. */
  size: number;
  topics: readonly string[];
  engines: readonly Engine[];
  /** How long one engine may copy one topic, in seconds. */
  limit: number;
  /** Of each cluster; with three, every record is written three times. */
  brokers: BrokerCount;
}

export const mirrorDefaults: MirrorOptions = {
  size: 400,
  topics: shapes.map(({ name }) => name),
  engines,
  limit: 25,
  brokers: 1,
};

/** On topics with large batches. */
const goals = { vsMirrorMaker: 5, cpuVsMirrorMaker: 0.1, vsLimit: 0.8 };

/**
 * The same topics mirrored by the ferry, by what people use now, and, as the limit, by a producer that only writes.
 * @throws LabError when something could not be measured, or when an engine has lost records.
 */
export async function mirror(options: MirrorOptions, say: Say): Promise<Mirror> {
  return onStage(
    say,
    async (stage) => {
      await warmUp(stage, options.limit);
      const rows: MirrorRow[] = [];
      for (const shape of shapes.filter(({ name }) => options.topics.includes(name)))
        rows.push(...(await measureTopic(stage, shape, options)));
      const topics = [...new Set(rows.map(({ topic }) => topic))];
      return { brokers: options.brokers, rows, ratios: topics.map((topic) => ratiosOf(topic, rows)), goals };
    },
    { name: 'bench-mirror', jvm: 'fast', brokers: options.brokers },
  );
}

/** Large batches, some with a codec: what brokers do in all turns. */
const warmUps: readonly Shape[] = shapes
  .filter(({ name }) => name === '1kb-large' || name === '100b-large-lz4')
  .map((shape) => ({ ...shape, name: `warm-up-${shape.name}` }));
const warmUpBytes = 150e6;

/** Brokers that have just started compile their code for the first hundreds of megabytes: that is nobody's turn. */
async function warmUp(stage: Stage, limit: number): Promise<void> {
  stage.say('warming up the brokers');
  for (const shape of warmUps) {
    const content = await fill(stage, shape, warmUpBytes);
    await measureEngine({ ...stage, say: () => undefined }, shape, content, 'limit', limit);
    await remove(stage.source, sourceTopic(shape));
  }
}

async function measureTopic(
  stage: Stage,
  shape: Shape,
  { size, engines: wanted, limit }: MirrorOptions,
): Promise<MirrorRow[]> {
  const { say, source } = stage;
  say(`${shape.name}: writing it to the source`);
  const content = await fill(stage, shape, size * 1e6 * shape.share);
  say(`  ${content.records} records, ${mb(content.bytes)} MB, ${content.batches} batches`);
  const rows: MirrorRow[] = [];
  for (const engine of engines.filter((engine) => wanted.includes(engine)))
    rows.push(await measureEngine(stage, shape, content, engine, limit));
  await remove(source, sourceTopic(shape));
  return rows;
}

async function measureEngine(
  stage: Stage,
  shape: Shape,
  content: Content,
  engine: Engine,
  limit: number,
): Promise<MirrorRow> {
  const { say, target } = stage;
  const turn = {
    shape,
    topic: sourceTopic(shape),
    targetTopic: targetTopic(engine, shape),
    records: content.records,
  };
  await createTopic(target, turn.targetTopic, shape.partitions, targetConfig(shape));
  const running = await startEngine(stage, engine, turn);
  stage.onEnd(() => running.stop());
  const copied = await followCopy(target, running, turn, limit);
  await remove(target, turn.targetTopic);
  const row = rowOf(shape.name, engine, content, copied);
  say(
    `  ${engine}: ${copied.records} records in ${rounded(copied.seconds)} s, ${row.mbPerSecond} MB/s, ` +
      `${row.cpuSecondsPerGb} s of CPU for a GB (load ${rounded(loadavg()[0] ?? 0, 1)})`,
  );
  return row;
}

function rowOf(topic: string, engine: Engine, content: Content, copied: Copied): MirrorRow {
  const bytes = (content.bytes * copied.records) / content.records;
  return {
    topic,
    engine,
    mbPerSecond: rounded(bytes / 1e6 / copied.seconds, 1),
    recordsPerSecond: Math.round(copied.records / copied.seconds),
    cpuSecondsPerGb: rounded(copied.cpuSeconds / (bytes / 1e9)),
    peakRssMb: Math.round(copied.peakRssMb),
    complete: copied.complete,
  };
}

function ratiosOf(topic: string, rows: readonly MirrorRow[]): MirrorRatios {
  const of = (engine: Engine) => rows.find((row) => row.topic === topic && row.engine === engine);
  const ratio = (figure: 'mbPerSecond' | 'cpuSecondsPerGb', to: Engine) => {
    const [ours, theirs] = [of('ferry')?.[figure], of(to)?.[figure]];
    return ours === undefined || theirs === undefined ? null : rounded(ours / theirs);
  };
  return {
    topic,
    vsMirrorMaker: ratio('mbPerSecond', 'mirrormaker'),
    vsKafkajs: ratio('mbPerSecond', 'kafkajs'),
    vsLimit: ratio('mbPerSecond', 'limit'),
    cpuVsMirrorMaker: ratio('cpuSecondsPerGb', 'mirrormaker'),
  };
}

async function remove(cluster: Stage['source'], name: string): Promise<void> {
  const topic = (await cluster.topics([name])).get(name)?.value;
  if (!topic) throw new LabError(`Topic ${name} is not there any more.`);
  const { error } = (await cluster.deleteTopics([topic])).get(name) ?? {};
  if (error) throw error;
}

const mb = (bytes: number) => Math.round(bytes / 1e6);

/** For a person. */
export function printMirror({ rows, ratios, goals }: Mirror): string {
  const text = (ratio: number | null) => (ratio === null ? '-' : String(ratio));
  return [
    "MB are 10⁶ bytes of the source's log; CPU and memory are those of the engine's process.",
    table(
      ['topic', 'engine', 'MB/s', 'records/s', 'CPU s/GB', 'peak RSS, MB'],
      rows.map((row) => [
        row.topic,
        row.complete ? row.engine : `${row.engine} (not to the end)`,
        String(row.mbPerSecond),
        String(row.recordsPerSecond),
        String(row.cpuSecondsPerGb),
        String(row.peakRssMb),
      ]),
    ),
    '',
    `The ferry's figures divided by those of others. Goals on large batches: MirrorMaker ${goals.vsMirrorMaker}, its CPU ${goals.cpuVsMirrorMaker}, limit ${goals.vsLimit}:`,
    table(
      ['topic', 'MirrorMaker', 'kafkajs', 'limit', 'CPU of MirrorMaker'],
      ratios.map((of) => [
        of.topic,
        text(of.vsMirrorMaker),
        text(of.vsKafkajs),
        text(of.vsLimit),
        text(of.cpuVsMirrorMaker),
      ]),
    ),
  ].join('\n');
}
