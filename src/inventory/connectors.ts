import type { Connect } from '../connect/rest.js';
import { inParallel } from '../parallel/in-parallel.js';
import type { Inventory } from './inventory.js';
import { named } from '../migration/foreign-text.js';
import { part, type Known } from './known.js';

type Connector = NonNullable<Inventory['connectors']['value']>[number];

/**
 * Connectors with what they read or write. Of their configuration nothing else is kept: it may hold secrets.
 *
 * @param clusterId of the cluster that is scanned: those of a Connect that lives elsewhere read and write there
 */
export async function readConnectors(connect: Connect, clusterId: string): Promise<Known<Connector[]>> {
  const worker = await part(() => connect.worker());
  if (worker.unknown !== undefined) return { unknown: worker.unknown };
  const { kafka_cluster_id: home } = worker.value;
  if (home !== clusterId)
    return {
      unknown: `Kafka Connect "${connect.name}" lives on another cluster (id ${named(home)}), where its connectors read and write`,
    };
  return part(async () => inParallel(await connect.connectors(), (name) => connectorOf(connect, name)));
}

async function connectorOf(connect: Connect, name: string): Promise<Connector> {
  const [config, topics, status] = await Promise.all([
    part(() => connect.config(name)),
    part(() => connect.topics(name)),
    part(() => connect.status(name)),
  ]);
  const said = config.value;
  const told = said?.['topics']?.split(',').map((topic) => topic.trim());
  const regex = said?.['topics.regex'] ?? undefined;
  // A setting of that name may be a source's too: MirrorMaker's says what it reads on the other cluster.
  const type = status.value?.type ?? 'unknown';
  const reads = type === 'sink';
  const [listed, pattern] = reads ? [told, regex] : [];
  const seen = topics.value;
  return {
    connect: connect.name,
    name,
    class: said?.['connector.class'] ?? 'unknown',
    type,
    ...(reads && said && { group: said['consumer.override.group.id'] ?? `connect-${name}` }),
    ...(pattern !== undefined && { pattern }),
    topics:
      listed !== undefined
        ? { value: listed.filter((topic) => topic !== '').sort() }
        : topics.unknown !== undefined
          ? { unknown: topics.unknown }
          : seen === undefined
            ? { unknown: `Kafka Connect "${connect.name}" does not tell which topics ${name} uses` }
            : { value: [...seen].sort() },
  };
}
