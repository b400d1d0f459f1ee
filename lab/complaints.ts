import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a server says when it is in trouble; and, of Kafka Connect, what began and ended then. */
const telling = /\b(ERROR|FATAL)\b|\b(Starting|Stopping) task /;
const mostLines = 24;
const mostLetters = 300;

/**
 * The last telling lines of each log of a folder, each under the name of its log, with the line that follows (an
 * exception's own). For a machine whose files are gone when somebody reads what it printed.
 */
export async function complaints(folder: string): Promise<string[]> {
  const logs = (await readdir(folder)).filter((file) => file.endsWith('.log'));
  const told = await Promise.all(
    logs.map(async (log) => {
      const lines = (await readFile(join(folder, log), 'utf8')).split('\n');
      return lines
        .filter((line, at) => telling.test(line) || telling.test(lines[at - 1] ?? ''))
        .slice(-mostLines)
        .map((line) => `${log}: ${line.slice(0, mostLetters)}`);
    }),
  );
  return told.flat();
}
