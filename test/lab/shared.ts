import { attachLab, type Lab } from '../../lab/lab.js';

/** The lab that Jest's global setup has started for this run; tests share it, so each uses names of its own. */
export function sharedLab(): Promise<Lab> {
  return attachLab('test');
}
