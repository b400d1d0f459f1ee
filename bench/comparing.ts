/** What a program answers that compares, over its channel. */
export interface Compared {
  equal: boolean;
  seconds: number;
  cpuSeconds: number;
}

/**
 * For a program in a process of its own: compares what it is told once, and answers what that took it.
 * @param compare whether both sides are equal; from connecting to the end.
 */
export function whenTold<Task>(compare: (task: Task) => Promise<boolean>): void {
  process.once('message', (task: Task) => {
    void measure(() => compare(task)).then((result) => process.send?.(result, () => process.disconnect()));
  });
}

async function measure(compare: () => Promise<boolean>): Promise<Compared> {
  const begun = performance.now();
  const before = process.cpuUsage();
  const equal = await compare();
  const { user, system } = process.cpuUsage(before);
  return { equal, seconds: (performance.now() - begun) / 1000, cpuSeconds: (user + system) / 1e6 };
}
