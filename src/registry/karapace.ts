import type { Schema } from './schema.js';

/**
 * Why Karapace 6.2 does not take a schema, to go on "will not take it:"; `undefined` where nothing is known against it. Only
 * what its parsers were seen to refuse, and what can be told without them.
 */
export function refusedByKarapace({ type, text, references }: Schema): string | undefined {
  if (type === 'JSON') return references.length > 0 ? 'its JSON Schema takes no references' : undefined;
  if (type !== 'PROTOBUF') return undefined;
  const words = text.replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, '""');
  if (/\/\/ ?(\r?\n|$)|\/\*[\s*]*\*\//.test(words)) return 'its parser takes no comment without words';
  const bare = words.replace(/\/\/[^\n]*|\/\*[\s\S]*?\*\//g, ' ');
  if (/^\s*edition\s*=/.test(bare)) return 'its parser knows proto2 and proto3, and no editions';
  if (/\bimport\s+weak\b/.test(bare)) return 'its parser knows no weak imports';
  if (/\breserved\s[^;]*\bto\s+max\b/.test(bare)) return 'its parser reads no "to max" in what is reserved';
  if (/\bextensions\s[^;[]*\[/.test(bare)) return 'its parser takes no options of extensions';
  return undefined;
}
