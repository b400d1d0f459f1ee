/** One mistake in a migration file: where it is, and what was expected there. */
export interface Mistake {
  /** For example `topics[0].name`; empty for the file as a whole. */
  path: string;
  expected: string;
}

/** `topics[0].name`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  );
}

/** One line per mistake, for a terminal or a failed run. */
export function mistakeText({ path, expected }: Mistake): string {
  return path === '' ? expected : `${path}: ${expected}`;
}
