import { attachLab, type Lab, type LabRegistries } from '../../lab/lab.js';

/** The lab that Jest's global setup has started for this run; tests share it, so each uses names of its own. */
export function sharedLab(): Promise<Lab> {
  return attachLab('test');
}

/** For the end of a file that has started them: what idles beside the other files slows them down. */
export async function stopRegistries({ source, target }: LabRegistries): Promise<void> {
  await Promise.all([source.stop(), target.stop()]);
}
