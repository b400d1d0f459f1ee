import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createRequire } from 'node:module';
import type { DataConverter, PayloadCodec } from '@temporalio/common';
import { FerryError, isFerryError } from '../../src/migration/errors.js';
import { readText } from '../config/yaml-file.js';
import aesGcm from './aes-gcm.js';
import type { CodecFolder, CodecModule } from './codec-module.js';

/** What `temporal.codec` of `ferry.yaml` says. */
export interface CodecSettings {
  /** `aes-gcm`, the path of a module, or the name of a package. */
  module: string;
  /** Handed to the module as they are; may hold secrets. */
  options: unknown;
  /** Where relative paths start: that of `ferry.yaml`. */
  folder: string;
}

/** How failures become payloads where payloads are encoded. */
export const failureConverterPath = fileURLToPath(new URL('./failure-converter.cjs', import.meta.url));

/** What every client and every worker is given, so that payloads and failures leave this process encoded. */
export async function dataConverterOf(
  settings: CodecSettings | undefined,
): Promise<{ dataConverter?: DataConverter }> {
  if (settings === undefined) return {};
  return { dataConverter: { payloadCodecs: [await openCodec(settings)], failureConverterPath } };
}

/** @throws FerryError `BadInput` when there is no such module, or it is no codec; what the codec itself throws of that kind */
export async function openCodec({ module, options, folder }: CodecSettings): Promise<PayloadCodec> {
  const found: CodecFolder = {
    path: (file) => resolve(folder, file),
    secret(file) {
      const read = readText(resolve(folder, file));
      if (read.mistakes)
        throw new FerryError('BadInput', `temporal.codec.options: ${file}: ${read.mistakes[0]?.expected}.`);
      // A key that a module makes of nothing is one that everybody has.
      if (read.value.trim() === '')
        throw new FerryError(
          'BadInput',
          `temporal.codec.options: ${file}: expected a secret in the file, which is empty.`,
        );
      return read.value.replace(/\r?\n$/, '');
    },
  };
  const open = await moduleOf(module, folder);
  let codec: unknown;
  try {
    codec = await open(options, found);
  } catch (error) {
    if (isFerryError(error)) throw error;
    throw new FerryError('BadInput', `temporal.codec: ${module} could not make a codec of its options.`);
  }
  if (!isCodec(codec))
    throw new FerryError(
      'BadInput',
      `temporal.codec: ${module} made no codec: its default export has to answer an object with encode and decode.`,
    );
  return codec;
}

async function moduleOf(name: string, folder: string): Promise<CodecModule> {
  if (name === 'aes-gcm') return aesGcm;
  try {
    const imported = (await import(specifierOf(name, folder))) as { default?: unknown };
    if (typeof imported.default === 'function') return imported.default as CodecModule;
  } catch {
    // What a module says when it cannot be loaded may quote anything.
    throw new FerryError(
      'BadInput',
      `temporal.codec: ${name} cannot be loaded: give aes-gcm, the path of a module (./codec.mjs), or the name of a package that is installed beside ferry.yaml.`,
    );
  }
  throw new FerryError(
    'BadInput',
    `temporal.codec: ${name} has no default export that is a function of the options.`,
  );
}

function specifierOf(name: string, folder: string): string {
  if (/^(\.{1,2})?\//.test(name)) return pathToFileURL(resolve(folder, name)).href;
  return pathToFileURL(createRequire(resolve(folder, 'ferry.yaml')).resolve(name)).href;
}

const isCodec = (value: unknown): value is PayloadCodec =>
  typeof value === 'object' &&
  value !== null &&
  ['encode', 'decode'].every((method) => typeof (value as Record<string, unknown>)[method] === 'function');
