interface Version {
  subject: string;
  version: number;
  id: number;
  schema: string;
  schemaType?: string;
  references?: { name: string; subject: string; version: number }[];
}

const mediaType = 'application/vnd.schemaregistry.v1+json';

/**
 * What people do without the ferry: the nine steps of Karapace's `sr_migrate.py`, one request after the other. Export
 * with deletions, levels and the highest id; check ids and versions on the target; import mode for all; register in the
 * order of ids with each id compared; delete softly what was deleted; reserve the highest id; levels that differ; verify
 * each id; leave import mode.
 */
export async function copySequentially(source: string, target: string): Promise<void> {
  const subjects = (await ask(source, 'GET', '/subjects?deleted=true')) as string[];
  const versions: Version[] = [];
  const deleted: Version[] = [];
  const levels = new Map<string, string>();
  for (const subject of subjects) {
    const path = `/subjects/${encodeURIComponent(subject)}/versions`;
    const all = (await ask(source, 'GET', `${path}?deleted=true`)) as number[];
    const live = (await ask(source, 'GET', path)) as number[];
    for (const number of all) {
      const version = (await ask(source, 'GET', `${path}/${number}?deleted=true`)) as Version;
      versions.push(version);
      if (!live.includes(number)) deleted.push(version);
    }
    const level = (await ask(source, 'GET', `/config/${encodeURIComponent(subject)}`)) as
      { compatibilityLevel: string } | undefined;
    if (level) levels.set(subject, level.compatibilityLevel);
  }
  versions.sort((one, other) => one.id - other.id);
  const { maxId } = (await ask(source, 'GET', `/schemas/ids/${versions[0]?.id}?fetchMaxId=true`)) as {
    maxId: number;
  };

  for (const { id } of versions) if (await ask(target, 'GET', `/schemas/ids/${id}`)) throw clash(id);
  for (const { id, subject, version } of versions)
    if (await ask(target, 'GET', `/subjects/${encodeURIComponent(subject)}/versions/${version}?deleted=true`))
      throw clash(id);

  await ask(target, 'PUT', '/mode', { mode: 'IMPORT' });
  for (const { subject, ...version } of versions) await register(target, subject, version);
  for (const { subject, version } of deleted.toReversed())
    await ask(target, 'DELETE', `/subjects/${encodeURIComponent(subject)}/versions/${version}`);
  if (maxId > (versions.at(-1)?.id ?? 0)) {
    const schema = '{"type":"enum","name":"reserved","symbols":["A"]}';
    await register(target, 'reserved', { id: maxId, version: 1, schema });
    await ask(target, 'DELETE', '/subjects/reserved/versions/1');
  }
  for (const [subject, compatibility] of levels) {
    const path = `/config/${encodeURIComponent(subject)}`;
    const there = (await ask(target, 'GET', path)) as { compatibilityLevel: string } | undefined;
    if (there?.compatibilityLevel !== compatibility) await ask(target, 'PUT', path, { compatibility });
  }
  for (const { id } of versions) if (!(await ask(target, 'GET', `/schemas/ids/${id}`))) throw clash(id);
  await ask(target, 'PUT', '/mode', { mode: 'READWRITE' });
  await ask(target, 'GET', '/mode');
}

async function register(target: string, subject: string, body: Omit<Version, 'subject'>): Promise<void> {
  const path = `/subjects/${encodeURIComponent(subject)}/versions`;
  const answer = (await ask(target, 'POST', path, body)) as { id: number };
  if (answer.id !== body.id) throw clash(body.id);
}

const clash = (id: number): Error => new Error(`id ${id} is not as it should be`);

/** `undefined` for what is not there. */
async function ask(registry: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(`${registry}${path}`, {
    method,
    headers: { 'content-type': mediaType },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const json: unknown = await answer.json();
  if (answer.status === 404) return undefined;
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`);
  return json;
}
