/**
 * What a terminal, a page or a reader would take for something else than text: controls (ESC among them, and line
 * breaks), and the marks that turn the direction of writing. Anybody who may commit can put them into the id of a group.
 */
// eslint-disable-next-line no-control-regex
const misleading = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Whether something in it acts on who reads it, or breaks the line. */
export const isMisleading = (text: string): boolean => oneLine(text) !== text;

/** A sentence with what came from a cluster in it: one line, in which nothing acts on who reads it. */
export function oneLine(text: string): string {
  return text.replaceAll(misleading, escaped);
}

/** The same for text of several lines that the ferry has laid out: its own line breaks stay. */
export function layout(text: string): string {
  return text.replaceAll(misleading, (character) => (character === '\n' ? '\n' : escaped(character)));
}

/** Names in a sentence, each as `named` has it; of long lists the first and how many more. */
export function few(names: readonly string[], most = 10): string {
  const some = names.slice(0, most).map(named).join(', ');
  return names.length <= most ? some : `${some} and ${names.length - most} more`;
}

/** A name as it stands in a sentence: in quotes where it could not be told from what is around it. */
export function named(name: string): string {
  const shown = oneLine(name);
  return shown === name && name !== '' && name.trim() === name && !/[\s",;]/.test(name) ? name : `"${shown}"`;
}
