import { oneLine } from '../../src/migration/foreign-text.js';

/** What a line means, for who sees colours; the text says the same without. */
export type Style = 'plain' | 'strong' | 'attention' | 'trouble' | 'good' | 'command' | 'quiet';

export interface Line {
  text: string;
  style: Style;
}

/** One sentence over as many lines as a terminal of this width needs, the later ones indented by two more. */
export function wrapped(sentence: string, width: number, style: Style = 'plain', indent = ''): Line[] {
  const lines: Line[] = [];
  let text = indent;
  for (const word of oneLine(sentence).split(' ')) {
    const next = text.trim() === '' ? `${text}${word}` : `${text} ${word}`;
    if (next.length > width && text.trim() !== '') {
      lines.push({ text, style });
      text = `${indent}  ${word}`;
    } else text = next;
  }
  return [...lines, { text, style }];
}

export const line = (text: string, style: Style = 'plain'): Line => ({ text: oneLine(text), style });

/** Cut where it does not fit, so that rows stay rows. */
export const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(1, width - 1))}…`;

/** Blocks with an empty line between them; those without lines are left out. */
export function blocks(all: readonly (readonly Line[])[]): Line[] {
  return all
    .filter((block) => block.length > 0)
    .flatMap((block, index) => (index === 0 ? block : [line(''), ...block]));
}
