import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { parse } from 'yaml';

interface Crd {
  spec: { versions: { schema: { openAPIV3Schema: object } }[] };
}

const crd = parse(readFileSync(fileURLToPath(new URL('topic-crd.yaml', import.meta.url)), 'utf8')) as Crd;

// Kubernetes has words of its own in a schema.
const validate = new Ajv({ strict: false, allErrors: true }).compile(
  crd.spec.versions[0]?.schema.openAPIV3Schema ?? false,
);

/** What the schema of the resource says against a document; empty if nothing. */
export function against(document: unknown): string[] {
  return validate(document)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
