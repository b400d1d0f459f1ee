import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../lab/lab.js';

export interface Usage {
  /** Of one core: 100 is one core busy all the time. */
  cpuPercent: number;
  /** Resident memory, the most that was seen, in MB (10⁶ bytes). */
  rssMb: number;
}

/**
 * What processes use in the same window, each with the processes that it has started (a loader's compiler, say).
 * @throws LabError where there is no /proc, or when one of them has ended.
 */
export async function usageOver(seconds: number, pids: readonly number[]): Promise<Usage[]> {
  const begun = Date.now();
  const first = await readAll(pids);
  const most = first.map(({ rssBytes }) => rssBytes);
  let last = first;
  while (Date.now() - begun < seconds * 1000) {
    await sleep(1000);
    last = await readAll(pids);
    last.forEach(({ rssBytes }, at) => (most[at] = Math.max(most[at] ?? 0, rssBytes)));
  }
  const lasted = (Date.now() - begun) / 1000;
  return last.map(({ cpuSeconds }, at) => ({
    cpuPercent: (100 * (cpuSeconds - (first[at]?.cpuSeconds ?? 0))) / lasted,
    rssMb: (most[at] ?? 0) / 1e6,
  }));
}

/** What a process and the ones that it has started use. */
export interface Reading {
  /** Since they began. */
  cpuSeconds: number;
  rssBytes: number;
}

interface Process extends Reading {
  pid: number;
  parent: number;
}

const familyIsKnownMs = 1000;

/** One process with the ones that it has started, read so often that to look through all of them would cost too much. */
export class ProcessMeter {
  #pids: number[] = [];
  #known = 0;

  constructor(private readonly pid: number) {}

  /** @throws LabError where there is no /proc, or when it has ended. */
  async read(): Promise<Reading> {
    if (Date.now() - this.#known > familyIsKnownMs) {
      this.#pids = familyOf(this.pid, await allProcesses()).map(({ pid }) => pid);
      this.#known = Date.now();
    }
    const family = (await Promise.all(this.#pids.map(readOne))).filter((one) => one !== undefined);
    return sum(this.pid, family);
  }
}

async function readAll(pids: readonly number[]): Promise<Reading[]> {
  const processes = await allProcesses();
  return pids.map((pid) => sum(pid, familyOf(pid, processes)));
}

function sum(pid: number, family: readonly Process[]): Reading {
  if (!family.some((one) => one.pid === pid))
    throw new LabError(`Process ${pid} ended while it was measured: see its log.`);
  return {
    cpuSeconds: family.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    rssBytes: family.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
  };
}

function familyOf(pid: number, processes: readonly Process[]): Process[] {
  const own = processes.filter((one) => one.pid === pid);
  const children = processes.filter(({ parent }) => parent === pid);
  return [...own, ...children.flatMap((child) => familyOf(child.pid, processes))];
}

async function allProcesses(): Promise<Process[]> {
  const names = await readdir('/proc').catch(() => {
    throw new LabError('CPU and memory of a process are read from /proc: run this benchmark on Linux.');
  });
  const read = names.filter((name) => /^\d+$/.test(name)).map((name) => readOne(Number(name)));
  return (await Promise.all(read)).filter((one) => one !== undefined);
}

/** The kernel's unit for times in /proc, per second, whatever its own clock is (USER_HZ). */
const ticksPerSecond = 100;

/** proc_pid_stat(5) and proc_pid_status(5); `undefined` for a process that has just ended. */
async function readOne(pid: number): Promise<Process | undefined> {
  try {
    const [stat, status] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile(`/proc/${pid}/status`, 'utf8'),
    ]);
    // The second field is the command in parentheses, and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [parent, userTicks, systemTicks] = [fields[1], fields[11], fields[12]].map(Number);
    const kilobytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
    return {
      pid,
      parent: parent ?? 0,
      cpuSeconds: ((userTicks ?? 0) + (systemTicks ?? 0)) / ticksPerSecond,
      rssBytes: kilobytes * 1024,
    };
  } catch {
    return undefined;
  }
}
