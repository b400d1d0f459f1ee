import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Schema } from '../../src/registry/schema.js';

/** What Karapace's own code was recorded to make of real files: see `karapace/README.md`. */
export const recorded = JSON.parse(
  readFileSync(new URL('karapace/protobuf.json', import.meta.url), 'utf8'),
) as {
  sha256: Record<string, string>;
  descriptors: Record<string, { descriptor: string; rendered: string }>;
};

const folder = new URL('../../node_modules/google-proto-files/', import.meta.url);

/** A file as people wrote it. */
export const protoFile = (path: string): string => readFileSync(fileURLToPath(new URL(path, folder)), 'utf8');

export const protobuf = (text: string, references: Schema['references'] = []): Schema => ({
  type: 'PROTOBUF',
  text,
  references,
});

/** Nothing but comments is left out. */
export const withoutComments = (text: string): string =>
  text.replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (found) =>
    /^["']/.test(found) ? found : '',
  );
