import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError, type Progress } from '../host/failure.js';
import { cacheFolder, exists } from '../host/folders.js';
import { freePorts } from '../host/ports.js';
import { apicurio, registryArchive, registryUrl } from './apicurio.js';

/** One schema of each kind, so that the classes which read them are in the archive. */
const samples = [
  { schema: '"string"' },
  // Whatever `schemaType` says, Apicurio finds out by looking at the text: `{"type":"object"}` alone is refused.
  {
    schemaType: 'JSON',
    schema: '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}',
  },
  { schemaType: 'PROTOBUF', schema: 'syntax = "proto3"; message Sample { string text = 1; }' },
];

/** As `recordClasses` of the brokers: runs a registry once for a moment and keeps what the JVM has loaded. */
export async function recordRegistryClasses(progress: Progress): Promise<void> {
  const archive = await registryArchive();
  if (await exists(archive)) return;
  progress('Apicurio Registry: recording its classes for quick starts');
  const folder = cacheFolder(`recording-registry-${process.pid}`);
  const recorded = join(folder, 'classes.jsa');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const [port] = (await freePorts(1)) as [number];
  const server = apicurio({ title: 'Apicurio Registry', folder, port, recordClasses: recorded });
  try {
    await server.start();
    for (const [index, sample] of samples.entries()) await register(port, `sample-${index}`, sample);
    await server.stop();
    await rename(recorded, archive);
  } finally {
    await server.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

async function register(port: number, subject: string, sample: object): Promise<void> {
  const answer = await fetch(`${registryUrl(port)}/subjects/${subject}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify(sample),
  });
  if (!answer.ok) throw new LabError(`Apicurio Registry answers ${answer.status} to a new schema.`);
}
