import { closeSync, createReadStream, fstatSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';

/** An append-only file of JSON lines. A line that `append` has returned from survives SIGKILL of its writer. */
export class Journal<Entry> {
  private readonly file: number;

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.file = openSync(path, 'a+');
    this.endTornLine();
  }

  append(entry: Entry): void {
    this.write(`${JSON.stringify(entry)}\n`);
  }

  close(): void {
    closeSync(this.file);
  }

  // A writer killed in the middle of a line leaves it without its end; the next line must not be glued to it.
  private endTornLine(): void {
    const { size } = fstatSync(this.file);
    const last = Buffer.alloc(1);
    if (size > 0 && readSync(this.file, last, 0, 1, size - 1) === 1 && last.toString() !== '\n')
      this.write('\n');
  }

  private write(text: string): void {
    let bytes = Buffer.from(text);
    while (bytes.length > 0) bytes = bytes.subarray(writeSync(this.file, bytes));
  }
}

/**
 * The entries of a journal, which may still be written to. A torn line is left out: its writer died before it acted
 * on it (a producer sends, and a consumer commits, only after the line).
 */
export async function* readJournal<Entry>(path: string): AsyncGenerator<Entry> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
  for await (const line of lines) {
    const entry = parsed<Entry>(line);
    if (entry !== undefined) yield entry;
  }
}

function parsed<Entry>(line: string): Entry | undefined {
  try {
    return JSON.parse(line) as Entry;
  } catch {
    return undefined;
  }
}
