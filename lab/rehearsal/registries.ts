import { type Lab, LabError } from '../lab.js';
import { startRegistryDouble } from '../registry-double/server.js';
import type { Side } from '../ledger/ledger.js';
import { registryNames } from './script.js';

/** The registries of a rehearsal: the lab's Apicurio as the source, and one that has import mode as the target. */
export interface RehearsalRegistries {
  urls: Record<Side, string>;
  /** Ends the target's, which lives in this process. */
  close(): Promise<void>;
}

/** Opens them for workers that are started later. @throws LabError when the lab has no registries. */
export async function openRehearsalRegistries(lab: Lab): Promise<RehearsalRegistries> {
  if (!lab.registries) throw new LabError(`The lab ${lab.name} has no registries: start it with them.`);
  const target = await startRegistryDouble();
  await lab.nameRegistries({ [registryNames.target]: { url: target.url } });
  return { urls: { source: lab.registries.source.url, target: target.url }, close: () => target.close() };
}
