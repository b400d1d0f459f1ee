import { resolve } from 'node:path';
import { z } from 'zod';
import { under } from '../../src/migration/by-name.js';
import type { Mistake } from '../../src/migration/mistakes.js';
import { readText } from './yaml-file.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Replaces `${NAME}` by the environment's value in every text of a document; `$${NAME}` stays as `${NAME}`, and so does
 * a reference to one of Kafka Connect's config providers (`${file:/path:key}`) where Connect is told of its clients. A
 * value that comes from the environment is not looked into again.
 */
export function fillIn(document: unknown, environment: Environment): { value: unknown; mistakes: Mistake[] } {
  const mistakes: Mistake[] = [];
  const fill = (value: unknown, path: string): unknown => {
    if (typeof value === 'string')
      return value.replaceAll(/\$?\$\{([^}]*)\}/g, (all, name: string) => {
        if (all.startsWith('$$')) return all.slice(1);
        if (name.includes(':') && /^connect\..+\.(sourceClient|targetClient)\./.test(path)) return all;
        const found = under(environment, name);
        if (found !== undefined && found !== '') return found;
        mistakes.push({ path, expected: `needs the environment variable ${name}, which is not set` });
        return all;
      });
    if (Array.isArray(value)) return value.map((item, index) => fill(item, `${path}[${index}]`));
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, fill(item, path === '' ? key : `${path}.${key}`)]),
      );
    return value;
  };
  return { value: fill(document, ''), mistakes };
}

/** Reads the files that a configuration names, relative to its folder, and keeps what could not be read as mistakes. */
export class Files {
  readonly mistakes: Mistake[] = [];

  constructor(private readonly folder: string) {}

  text(file: string, path: string): string {
    const read = readText(this.path(file));
    if (read.mistakes === undefined) return read.value;
    this.mistakes.push(...read.mistakes.map(({ expected }) => ({ path, expected: `${file}: ${expected}` })));
    return '';
  }

  /**
   * Certificates, or a key. What is neither, Node would take for nothing without a word, and would trust whoever this machine
   * trusts where a CA was to be the only one.
   */
  pem(file: string, what: 'certificate' | 'private key', path: string): string {
    const failed = this.mistakes.length;
    const text = this.text(file, path);
    if (this.mistakes.length === failed && !beginnings[what].test(text))
      this.mistakes.push({ path, expected: `${file}: expected a ${what} in PEM (-----BEGIN …)` });
    return text;
  }

  /** Where a file is that is read later. */
  path(file: string): string {
    return resolve(this.folder, file);
  }

  /**
   * A secret on a line of its own, as mounted secrets are.
   *
   * @param shape what stands there, with what is said where it does not
   */
  secret(file: string, path: string, shape: z.ZodType<string> = something): string {
    const failed = this.mistakes.length;
    const secret = this.text(file, path).replace(/\r?\n$/, '');
    if (this.mistakes.length === failed) this.insist(secret, path, shape);
    return secret;
  }

  /** Keeps as a mistake what the value is not. */
  insist(value: string, path: string, shape: z.ZodType<string>): void {
    const wrong = shape.safeParse(value).error?.issues ?? [];
    this.mistakes.push(...wrong.map(({ message }) => ({ path, expected: message })));
  }
}

/** A secret that is mounted without a value is an empty file: whoever shows nothing would have it. */
const something = z.string().regex(/\S/, { error: 'expected a secret in the file, which is empty' });

/** RFC 7468, 5 and 10 to 13; OpenSSL's own names beside them. */
const beginnings = {
  certificate: /-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----/,
  'private key': /-----BEGIN ([A-Z]+ )?PRIVATE KEY-----/,
};
