import { oneLine } from '../migration/foreign-text.js';

/** Text that is HTML already. Made by `markup` alone, so that nothing from a cluster becomes one. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = Html | string | number | false | undefined | readonly Part[];

/** A template in which whatever is put in is text: escaped, on one line, with nothing in it that acts on who reads it. */
export function markup(fixed: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let compact = compacted.get(fixed);
  if (!compact) {
    compact = fixed.map((text) => text.replace(/\s*\n\s*/g, ' '));
    compacted.set(fixed, compact);
  }
  return new Html(compact.reduce((text, next, at) => `${text}${textOf(parts[at - 1])}${next}`));
}

/** Of each template what it says, without the lines and indents that it has in the code: there are thousands of them. */
const compacted = new WeakMap<TemplateStringsArray, string[]>();

function textOf(part: Part): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(textOf).join('');
  return escaped(String(part));
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escaped = (text: string): string =>
  oneLine(text).replace(/[&<>"']/g, (character) => entities[character] ?? character);
