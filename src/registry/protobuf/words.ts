import protobuf from 'protobufjs';

/** One import of a file. */
export interface Import {
  readonly path: string;
  readonly how: '' | 'public' | 'weak';
}

/** What protobufjs reads over, as the words of the file say it. */
export interface Words {
  /** `proto2`, `proto3`, or an edition. */
  readonly syntax: string;
  readonly imports: readonly Import[];
  /** What stands in brackets behind values of enums and ranges, by the words before it: without commas and quotes. */
  readonly brackets: readonly { readonly behind: string; readonly words: string }[];
  /** Whole numbers that a double cannot hold, in any place, in ascending order. */
  readonly longNumbers: readonly string[];
}

/** @throws Error when it is no Protobuf. */
export function wordsOf(text: string): Words {
  const imports: Import[] = [];
  const brackets: { behind: string; words: string }[] = [];
  const longNumbers: bigint[] = [];
  let syntax = 'proto2';
  // What each open brace belongs to, and the statement that is being read.
  const open: string[] = [];
  let statement: string[] = [];
  let bracket: string[] | undefined;
  let depth = 0;
  for (const { word, quoted } of tokens(text)) {
    const long = longNumber(word);
    if (long !== undefined) longNumbers.push(long);
    const mark = quoted ? '' : word;
    if (bracket) {
      if (mark === '[') depth++;
      if (mark === ']' && --depth === 0) {
        brackets.push({ behind: [...open, ...statement].join(' '), words: bracket.join(' ') });
        bracket = undefined;
      } else if (!['[', ']', ',', ';', ':'].includes(mark)) bracket.push(word);
      continue;
    }
    if (mark === '[' && (open.at(-1)?.startsWith('enum ') || statement[0] === 'extensions')) {
      bracket = [];
      depth = 1;
    } else if (mark === '{') {
      open.push(statement.join(' '));
      statement = [];
    } else if (mark === '}') {
      open.pop();
      statement = [];
    } else if (mark === ';') {
      const [first, second = '', third = ''] = statement;
      if ((first === 'syntax' || first === 'edition') && open.length === 0) syntax = third;
      if (first === 'import' && open.length === 0)
        imports.push(
          second === 'public' || second === 'weak' ? { path: third, how: second } : { path: second, how: '' },
        );
      statement = [];
    } else statement.push(word);
  }
  return {
    syntax,
    imports,
    brackets,
    longNumbers: longNumbers.sort((one, other) => (one < other ? -1 : one > other ? 1 : 0)).map(String),
  };
}

/** Strings that follow each other are one. */
function* tokens(text: string): Generator<{ word: string; quoted: boolean }> {
  const { next, peek } = protobuf.tokenize(text, false);
  for (let word = next(); word !== null; word = next()) {
    if (word !== '"' && word !== "'") {
      yield { word, quoted: false };
      continue;
    }
    const parts: string[] = [];
    for (let quote: string | null = word; quote !== null; quote = opens(peek()) ? next() : null) {
      parts.push(next() ?? '');
      if (next() !== quote) throw new Error('A string does not end.');
    }
    yield { word: parts.join(''), quoted: true };
  }
}

const opens = (word: string | null): boolean => word === '"' || word === "'";

function longNumber(word: string): bigint | undefined {
  if (!/^-?(\d{16,}|0[xX][0-9a-fA-F]{14,})$/.test(word)) return undefined;
  const number = word.startsWith('-') ? -BigInt(word.slice(1)) : BigInt(word);
  return Number.isSafeInteger(Number(number)) ? undefined : number;
}
