import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

// A process that is killed when it has spawned another one and is about to write that down; argument: the folder.
const [, , folder = ''] = process.argv;
fs.writeFileSync = () => process.kill(process.pid, 'SIGKILL');
syncBuiltinESMExports();
const { spawnRemembered } = await import('../../lab/host/remembered.js');
await spawnRemembered(folder, 'sh', ['-c', 'touch began; sleep 600', `${folder}/`], {
  output: 'pipe',
  cwd: folder,
  detached: true,
});
