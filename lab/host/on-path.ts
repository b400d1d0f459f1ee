import { delimiter, isAbsolute, join } from 'node:path';
import { exists } from './folders.js';

/** The whole path of a command, as the shell would find it, and then in these folders. */
export async function onPath(command: string, further: readonly string[] = []): Promise<string | undefined> {
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), ...further]) {
    const path = join(folder, command);
    if (isAbsolute(path) && (await exists(path))) return path;
  }
  return undefined;
}
