import { RE2JS, RE2JSException } from 're2js';

/** What compiles for seconds, or takes them for each name, is no pattern of names that anybody wrote by hand. */
const longestPattern = 10_000;
const largestProgram = 20_000;

/** Members of one group have one pattern, and are asked about for each topic. */
const kept = 100;
const compiled = new Map<string, RE2JS | undefined>();

/**
 * Whether a member that subscribes by a pattern wants a topic (KIP-848): brokers match the whole name by RE2
 * (`com.google.re2j.Pattern.matcher(name).matches()` in `GroupMetadataManager`). By RE2 here too, in time that grows with the
 * name: any user may write a pattern on which JavaScript's own expressions would never end, and they read some of its syntax
 * otherwise without a word.
 *
 * @returns `undefined` where that cannot be told: RE2 does not read the pattern, or it is too large
 */
export function wantsTopic(pattern: string, topic: string): boolean | undefined {
  return programOf(pattern)?.matches(topic);
}

function programOf(pattern: string): RE2JS | undefined {
  if (compiled.has(pattern)) return compiled.get(pattern);
  const program = compile(pattern);
  for (const oldest of compiled.keys()) {
    if (compiled.size < kept) break;
    compiled.delete(oldest);
  }
  compiled.set(pattern, program);
  return program;
}

function compile(pattern: string): RE2JS | undefined {
  if (pattern.length > longestPattern) return undefined;
  try {
    const program = RE2JS.compile(pattern);
    return program.programSize() <= largestProgram ? program : undefined;
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return undefined;
  }
}
