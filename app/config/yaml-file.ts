import { readFileSync } from 'node:fs';
import { LineCounter, parseAllDocuments, parseDocument, type Document } from 'yaml';
import type { Mistake } from '../../src/migration/mistakes.js';

export type Read<T> = { value: T; mistakes?: undefined } | { mistakes: Mistake[]; value?: undefined };

/**
 * Reads one YAML (or JSON) document as plain data. A file that cannot be read, or is no YAML, is a mistake with its
 * line and column; no mistake quotes the file, which may hold secrets.
 */
export function readYaml(path: string): Read<unknown> {
  const text = readText(path);
  return text.mistakes ? text : parseYaml(text.value);
}

export function parseYaml(text: string): Read<unknown> {
  const lines = new LineCounter();
  return plain(parseDocument(text, { lineCounter: lines, ...exactly }), lines);
}

/** All documents of a file, which `---` divides; those without anything in them are left out. */
export function parseYamls(text: string): Read<unknown[]> {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, ...exactly });
  const read = (Array.isArray(documents) ? documents : []).map((document) => plain(document, lines));
  const mistakes = read.flatMap((one) => one.mistakes ?? []);
  if (mistakes.length > 0) return { mistakes };
  return { value: read.flatMap(({ value }) => (value === null || value === undefined ? [] : [value])) };
}

const exactly = { prettyErrors: false, intAsBigInt: true } as const;

function plain(document: Pick<Document, 'errors' | 'warnings' | 'toJS'>, lines: LineCounter): Read<unknown> {
  const mistakes = [...document.errors, ...document.warnings].map(({ pos, message }): Mistake => {
    const { line, col } = lines.linePos(pos[0]);
    return { path: `line ${line}, column ${col}`, expected: `is no YAML: ${firstSentence(message)}` };
  });
  if (mistakes.length > 0) return { mistakes };
  try {
    return { value: exact(document.toJS()) };
  } catch {
    // An alias without an anchor, or one that would unfold without end.
    return {
      mistakes: [
        {
          path: '',
          expected: 'has an alias (*name) that stands for nothing: quote a text that begins with *',
        },
      ],
    };
  }
}

/** Whole numbers that JavaScript's own would round become text: Kafka's are 64-bit, and `Long.MAX_VALUE` is a usual one. */
function exact(value: unknown): unknown {
  if (typeof value === 'bigint')
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
      ? Number(value)
      : String(value);
  if (Array.isArray(value)) return value.map(exact);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, exact(inner)]));
}

export function readText(path: string): Read<string> {
  try {
    return { value: readFileSync(path, 'utf8') };
  } catch (error) {
    return { mistakes: [{ path: '', expected: whyUnreadable(error) }] };
  }
}

function whyUnreadable(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'this user may not read the file';
  return code === 'EISDIR' ? 'is a folder, not a file' : 'the file cannot be read';
}

function firstSentence(message: string): string {
  const line = message.split('\n')[0] ?? message;
  return line.charAt(0).toLowerCase() + line.slice(1);
}
