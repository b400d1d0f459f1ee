import { join } from 'node:path';

/** What the stand-in is called at Aiven. */
export const PROJECT = 'lab';
export const SERVICE = 'kafka-lab';

/** Where the stand-in of a lab keeps its things. */
export function aivenFolder(labFolder: string): string {
  return join(labFolder, 'aiven');
}

export function aivenFiles(folder: string) {
  return {
    /** May do everything. */
    token: join(folder, 'token'),
    /** May look and change nothing. */
    readOnlyToken: join(folder, 'read-only.token'),
    state: join(folder, 'state.json'),
  };
}

export const aivenUrl = (port: number): string => `http://127.0.0.1:${port}/v1`;
