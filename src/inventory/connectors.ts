import type { Connect } from '../connect/rest.js';
import { inParallel } from '../parallel/in-parallel.js';
import type { Inventory } from './inventory.js';
import { part, type Known } from './known.js';

type Connector = NonNullable<Inventory['connectors']['value']>[number];

/** Connectors with what they read or write. Of their configuration nothing else is kept: it may hold secrets. */
export async function readConnectors(connect: Connect): Promise<Known<Connector[]>> {
  return part(async () => inParallel(await connect.connectors(), (name) => connectorOf(connect, name)));
}

async function connectorOf(connect: Connect, name: string): Promise<Connector> {
  const [config, topics] = await Promise.all([
    part(() => connect.config(name)),
    part(() => connect.topics(name)),
  ]);
  const said = config.value;
  const listed = said?.['topics']?.split(',').map((topic) => topic.trim());
  const pattern = said?.['topics.regex'] ?? undefined;
  const reads = listed !== undefined || pattern !== undefined;
  const seen = topics.value;
  return {
    connect: connect.name,
    name,
    class: said?.['connector.class'] ?? 'unknown',
    // Only a sink is told which topics it reads.
    type: config.unknown !== undefined || !said ? 'unknown' : reads ? 'sink' : 'source',
    ...(reads && { group: said?.['consumer.override.group.id'] ?? `connect-${name}` }),
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
