import { watch } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Lab, LabError, startLab } from './lab.js';
import { WorkerProcess } from './rehearsal/worker-process.js';
import { takeDown } from './take-down.js';

/** What a worker is made of: a change here starts it anew. */
const code = ['app', 'src', 'workflows', 'activities'].map((folder) =>
  fileURLToPath(new URL(`../${folder}`, import.meta.url)),
);

const labName = 'dev';
/** Editors and version control write several files at once, ms. */
const settleMs = 200;

let worker: WorkerProcess | undefined;
let ending = false;
const end = () => {
  ending = true;
  void Promise.resolve(worker?.stop())
    .then(() => takeDown(labName))
    .then(() => console.log('The lab is down.'))
    .finally(() => process.exit());
};
process.once('SIGINT', end).once('SIGTERM', end);

try {
  const lab = await startLab({ name: labName, progress: (line) => console.log(line) });
  worker = new WorkerProcess(lab, 'terminal');
  worker.start();
  restartOnChange(worker);
  console.log(introduction(lab));
} catch (error) {
  if (!(error instanceof LabError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}

/** One restart at a time; what changes meanwhile asks for another. */
function restartOnChange(running: WorkerProcess): void {
  let settling: NodeJS.Timeout | undefined;
  let restarts = Promise.resolve();
  const restart = async () => {
    await running.stop();
    if (!ending) running.start();
  };
  const changed = (file: string) => {
    clearTimeout(settling);
    settling = setTimeout(() => {
      console.log(`${file} changed: the worker starts anew`);
      restarts = restarts.then(restart);
    }, settleMs);
  };
  for (const folder of code)
    watch(folder, { recursive: true }, (_event, file) => {
      if (file?.endsWith('.ts')) changed(file);
    });
}

function introduction({ temporal, ferryYaml }: Lab): string {
  return `
web UI   ${temporal.ui}
worker   runs, and starts anew when its code changes

In another terminal:
  export FERRY_CONFIG=${ferryYaml}
  npm run ferry -- list
  npm run lab -- status --name ${labName}

Ctrl-C takes everything down.
`;
}
