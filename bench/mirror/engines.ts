import { connectionOf } from '../../lab/kafka/clients.js';
import { type LabCluster, LabError } from '../../lab/lab.js';
import { ADMIN } from '../../lab/principals.js';
import { Program } from '../program.js';
import { adminConnection } from '../connections.js';
import type { Stage } from '../stage.js';
import type { Engine, Running, Turn } from './engine.js';
import { copyOf, startMirrorMaker } from './mirrormaker.js';
import { type Shape, sourceTopic } from './topics.js';

/** MirrorMaker names its copies itself; each engine has a target topic of its own. */
export function targetTopic(engine: Engine, shape: Shape): string {
  return copyOf(aliasOf(engine, shape), sourceTopic(shape));
}

const aliasOf = (engine: Engine, { name }: Shape) => `${engine}-${name}`;

/** Starts an engine that copies this topic. Each may do everything on both clusters. */
export async function startEngine(stage: Stage, engine: Engine, turn: Turn): Promise<Running> {
  const { lab } = stage;
  switch (engine) {
    case 'mirrormaker':
      return startMirrorMaker(lab, {
        alias: aliasOf(engine, turn.shape),
        topics: [turn.topic],
        codec: turn.shape.codec,
      });
    case 'kafkajs':
      return Program.start(
        'mirror/kafkajs-program.ts',
        { source: await kafkajsConnection(lab.source), target: await kafkajsConnection(lab.target), turn },
        'The mirror in kafkajs',
      );
    case 'limit':
      return Program.start(
        'mirror/limit-program.ts',
        { target: await adminConnection(lab.target), turn },
        'The producer that shows the limit',
      );
    case 'ferry':
      return Program.start(
        'mirror/ferry-program.ts',
        { source: await adminConnection(lab.source), target: await adminConnection(lab.target), turn },
        'The mirror engine',
      );
  }
}

async function kafkajsConnection({ bootstrap, clients }: LabCluster) {
  const client = clients[ADMIN];
  if (!client) throw new LabError(`The lab has no user ${ADMIN}.`);
  return connectionOf(bootstrap, client);
}
