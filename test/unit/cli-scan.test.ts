import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ferry } from '../../app/cli/program.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-scan-words-'));
  // Nothing answers there: what is refused is refused before anybody is asked.
  writeFileSync(
    join(folder, 'ferry.yaml'),
    'temporal: { address: 127.0.0.1:1 }\nclusters: { onprem: { bootstrap: [127.0.0.1:1] } }\n',
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

async function scanning(...words: string[]) {
  const err: string[] = [];
  let code: number | undefined;
  await ferry(['scan', ...words], {
    terminal: {
      print: () => undefined,
      complain: (text) => void err.push(text),
      redraws: false,
      redraw: () => undefined,
    },
    environment: { FERRY_CONFIG: join(folder, 'ferry.yaml') },
    end: (exitCode) => (code = exitCode),
  });
  return { code, err };
}

it.each([
  [[], 'Say which cluster: ferry scan CLUSTER, or ferry scan --survey CLUSTER.'],
  [['onprem', '--survey', 'onprem'], 'Say the cluster once: ferry scan --survey onprem.'],
  [['--survey', 'a b', '--for', '7d'], "A survey is started by ferry scan 'a b' --for 7d."],
  [
    ['onprem', '--for', '7d', '--out', 'x.json', '--connect', 'c'],
    'A survey writes nothing by itself (--out, --connect): its inventory comes by ferry scan --survey onprem --out FILE.',
  ],
  [['onprem', '--every', '1h'], '--every is for a survey: say for how long it goes on by --for.'],
  [['onprem', '--stop'], 'Only a survey is stopped: ferry scan --survey onprem --stop.'],
  [
    ['--survey', 'onprem', '--stop', '--out', 'x.json'],
    'Stop it first, then get its inventory by ferry scan --survey onprem --out FILE.',
  ],
  [['elsewhere', '--for', '7d'], 'ferry.yaml has no cluster "elsewhere"; it has onprem.'],
  [['onprem', '--for', 'a week'], 'for: expected a duration such as 1h or 7d, from 1s to 366d'],
  [['onprem', '--for', '10y'], 'for: expected a duration such as 1h or 7d, from 1s to 366d'],
  [['onprem', '--for', '800d'], 'for: expected a duration such as 1h or 7d, from 1s to 366d'],
  [['onprem', '--for', '1h', '--every', '2h'], 'every: expected no more than the time of the whole survey'],
  [['onprem', '--for', '1h', '--every', '1ms'], 'every: expected a duration such as 1h or 7d, from 1s to 7d'],
])('%j is refused in one sentence, before anything is asked', async (words, sentence) => {
  expect(await scanning(...words)).toEqual({ code: 2, err: [sentence] });
});

it('says that Temporal does not answer, where a survey is asked for', async () => {
  for (const words of [
    ['onprem', '--for', '7d'],
    ['--survey', 'onprem'],
    ['--survey', 'onprem', '--stop'],
  ])
    expect(await scanning(...words)).toEqual({
      code: 1,
      err: [expect.stringContaining('Temporal at 127.0.0.1:1 did not answer')],
    });
});
