import { rounded } from '../report.js';
import { untilBegun } from '../program.js';

/** What looking at a cluster took a process that does nothing else. */
export interface Looked {
  requests: number;
  /** From the first connection to the last answer. */
  seconds: number;
  /** Resident memory of the process, the most that it had, in MB (10⁶ bytes). */
  rssMb: number;
}

/** For a program in a process of its own: looks when it is told to, and answers what that took and what was found. */
export function lookWhenTold<Task, Found>(
  look: (task: Task) => Promise<{ requests: number; found: Found }>,
): void {
  process.once('message', (task: Task) => void measure(() => look(task)));
}

async function measure<Found>(look: () => Promise<{ requests: number; found: Found }>): Promise<void> {
  await untilBegun();
  const begun = performance.now();
  const { requests, found } = await look();
  const looked: Looked = {
    requests,
    seconds: rounded((performance.now() - begun) / 1000),
    // Linux tells it in kB (1024 bytes).
    rssMb: Math.round((process.resourceUsage().maxRSS * 1024) / 1e6),
  };
  process.send?.({ ...looked, found }, () => process.disconnect());
}
