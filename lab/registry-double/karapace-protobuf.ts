import { textOfDescriptor } from './karapace-descriptor.js';

/**
 * Protobuf as Karapace 6.2 reads it and writes it down anew, after `karapace/core/protobuf` (ProtoParser, and `to_schema` of
 * its elements), without comments: messages before enums, then extends, then services; in a message what is reserved,
 * options, fields, oneofs, groups, extensions, then nested types. What it reads over is lost.
 *
 * @throws Unreadable where Karapace answers 422/42201
 */
export function asKarapace(schema: string): string {
  const text = textOfDescriptor(schema);
  // In what it made of a descriptor no label is missing to it.
  return text === undefined
    ? new Reader(withoutComments(schema)).file()
    : new Reader(text, { needsLabels: false }).file();
}

/** Karapace's parser does not take the schema. */
export class Unreadable extends Error {}

/** A comment without words is none that Karapace takes. */
function withoutComments(text: string): string {
  return text.replace(
    /"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'|\/\/ ?([^\n]*)(?=\n|$)|\/\*([\s\S]*?)\*\//g,
    (found, line: string | undefined, block: string | undefined) => {
      const words = line ?? block?.replace(/^[\s*]+/gm, '');
      if (words === undefined) return found;
      if (words.trim() === '' && words === '') throw new Unreadable("unexpected '/'");
      return ' ';
    },
  );
}

type Value = string | Value[] | { [key: string]: Value };
type Kind = 'string' | 'bare' | 'map' | 'list' | 'option';

interface Option {
  name: string;
  kind: Kind;
  value: Value | Option;
}

interface Message {
  text: string;
}

const indented = (text: string): string => {
  const lines = text.split('\n');
  if (lines.length > 1 && lines.at(-1) === '') lines.pop();
  return lines.map((line) => `  ${line}\n`).join('');
};

const maxTag = 536_870_911;

class Reader {
  private at = 0;
  private syntax: string | undefined;
  private readonly extendsOfFile: string[] = [];

  constructor(
    private readonly text: string,
    private readonly options = { needsLabels: true },
  ) {}

  file(): string {
    let packageName = '';
    let first = true;
    const [imports, publicImports, options, messages, enums, services] = [
      [] as string[],
      [] as string[],
      [] as Option[],
      [] as string[],
      [] as string[],
      [] as string[],
    ];
    for (; this.skip() < this.text.length; first = false) {
      if (this.take(';')) continue;
      const word = this.word();
      if (word === 'package') {
        packageName = this.name();
        this.require(';');
      } else if (word === 'import') {
        const path = this.stringOrWord();
        if (path === 'public') publicImports.push(this.stringOrWord());
        else imports.push(path);
        this.require(';');
      } else if (word === 'syntax') {
        this.expect(first && this.syntax === undefined, "'syntax' element must be the first declaration");
        this.require('=');
        this.syntax = this.quoted();
        this.expect(/^proto[23]$/.test(this.syntax), 'unexpected syntax');
        this.require(';');
      } else if (word === 'option') {
        options.push(this.option('='));
        this.require(';');
      } else if (word === 'message') messages.push(this.message().text);
      else if (word === 'enum') enums.push(this.enumeration());
      else if (word === 'service') services.push(this.service());
      else if (word === 'extend') this.extension();
      else this.fail(`unexpected label: ${word}`);
    }
    const lines = [
      ...(this.syntax === undefined ? [] : [`syntax = "${this.syntax}";\n`]),
      ...(packageName === '' ? [] : [`package ${packageName};\n`]),
      ...(imports.length + publicImports.length > 0 ? ['\n'] : []),
      ...imports.map((path) => `import "${path}";\n`),
      ...publicImports.map((path) => `import public "${path}";\n`),
      ...(options.length > 0 ? ['\n'] : []),
      ...options.map(declaredWithSlashes),
      ...(messages.length + enums.length > 0 ? ['\n'] : []),
      ...messages,
      ...enums,
      ...(this.extendsOfFile.length > 0 ? ['\n'] : []),
      ...this.extendsOfFile,
      ...(services.length > 0 ? ['\n'] : []),
      ...services,
    ];
    return lines.join('');
  }

  private message(): Message {
    const name = this.name();
    const parts = {
      reserved: [] as string[],
      options: [] as string[],
      fields: [] as string[],
      oneofs: [] as string[],
      groups: [] as string[],
      extensions: [] as string[],
      messages: [] as string[],
      enums: [] as string[],
    };
    this.block(() => {
      if (this.take(';')) return;
      const word = this.word();
      if (word === 'option') {
        parts.options.push(declaredWithSlashes(this.option('=')));
        this.require(';');
      } else if (word === 'reserved') parts.reserved.push(this.reserved());
      else if (word === 'message') parts.messages.push(this.message().text);
      else if (word === 'enum') parts.enums.push(this.enumeration());
      else if (word === 'extend') this.extension();
      else if (word === 'oneof') parts.oneofs.push(this.oneof());
      else if (word === 'extensions') parts.extensions.push(this.extensions());
      else {
        const { group, text } = this.field(word);
        (group ? parts.groups : parts.fields).push(text);
      }
    });
    const nested = [...parts.messages, ...parts.enums];
    const sections = [
      parts.reserved,
      parts.options,
      parts.fields,
      parts.oneofs,
      parts.groups,
      parts.extensions,
      nested,
    ];
    return {
      text: `message ${name} {${sections.map((all) => (all.length > 0 ? `\n${all.map(indented).join('')}` : '')).join('')}}\n`,
    };
  }

  private field(word: string): { group: boolean; text: string } {
    let label = '';
    let type: string;
    if (word === 'required' || word === 'optional' || word === 'repeated') {
      this.expect(word !== 'required' || this.syntax !== 'proto3', "'required' label forbidden in proto3");
      label = word;
      type = this.type(this.word());
    } else {
      this.expect(
        !this.options.needsLabels || this.syntax === 'proto3' || (word === 'map' && this.peek() === '<'),
        `unexpected label: ${word}`,
      );
      type = this.type(word);
    }
    this.expect(!type.startsWith('map<') || label === '', "'map' type cannot have label");
    if (type === 'group') return { group: true, text: this.group(label) };
    return { group: false, text: this.fieldAfter(label, type) };
  }

  private fieldAfter(label: string, type: string): string {
    const name = this.name();
    this.require('=');
    const tag = this.integer();
    const options = this.inlineOptions();
    this.require(';');
    const special = (of: string): string | undefined => {
      const found = options.filter((option) => option.name === of);
      for (const option of found) options.splice(options.indexOf(option), 1);
      const last = found.at(-1);
      return last === undefined ? undefined : plainText(last.value as Value);
    };
    const [byDefault, jsonName] = [special('default'), special('json_name')];
    if (byDefault !== undefined && byDefault !== '')
      options.push({ name: 'default', kind: type === 'string' ? 'string' : 'bare', value: byDefault });
    if (jsonName !== undefined && jsonName !== '')
      options.push({ name: 'json_name', kind: 'string', value: jsonName });
    return `${label === '' ? '' : `${label} `}${type} ${name} = ${tag}${inline(options)};\n`;
  }

  private group(label: string): string {
    const name = this.word();
    this.require('=');
    const tag = this.integer();
    const fields: string[] = [];
    this.block(() => {
      const { group, text } = this.field(this.word());
      this.expect(!group, 'expected field declaration');
      fields.push(text);
    });
    const inside = fields.length > 0 ? `\n${fields.map(indented).join('')}` : '';
    return `${label === '' ? '' : `${label} `}group ${name} = ${tag} {${inside}}\n`;
  }

  private oneof(): string {
    const name = this.name();
    const [options, fields, groups] = [[] as string[], [] as string[], [] as string[]];
    this.block(() => {
      const type = this.type(this.word());
      if (type === 'group') groups.push(this.group(''));
      else if (type === 'option') {
        options.push(declared(this.option('=')));
        this.require(';');
      } else fields.push(this.fieldAfter('', type));
    });
    const sections = [options, fields, groups];
    return `oneof ${name} {${sections.map((all) => (all.length > 0 ? `\n${all.map(indented).join('')}` : '')).join('')}}\n`;
  }

  /** What an enum reserves is read and not kept. */
  private enumeration(): string {
    const name = this.name();
    const [options, constants] = [[] as string[], [] as string[]];
    this.block(() => {
      if (this.take(';')) return;
      const word = this.word();
      if (word === 'option') {
        options.push(declared(this.option('=')));
        this.require(';');
      } else if (word === 'reserved') this.reserved();
      else {
        this.require('=');
        const tag = this.integer();
        const inOptions = inline(this.inlineOptions());
        this.require(';');
        constants.push(`${word} = ${tag}${inOptions};\n`);
      }
    });
    const all = [...options, ...constants];
    return `enum ${name} {${all.length > 0 ? '\n' : ''}${all.map(indented).join('')}}\n`;
  }

  private service(): string {
    const name = this.name();
    const [options, rpcs] = [[] as string[], [] as string[]];
    this.block(() => {
      if (this.take(';')) return;
      const word = this.word();
      if (word === 'option') {
        options.push(declared(this.option('=')));
        this.require(';');
      } else if (word === 'rpc') rpcs.push(this.rpc());
      else this.fail(`unexpected label: ${word}`);
    });
    const sections = [options, rpcs];
    return `service ${name} {${sections.map((all) => (all.length > 0 ? `\n${all.map(indented).join('')}` : '')).join('')}}\n`;
  }

  private rpc(): string {
    const name = this.name();
    const type = (): string => {
      this.require('(');
      const word = this.word();
      const of = word === 'stream' ? `stream ${this.type(this.word())}` : this.type(word);
      this.require(')');
      return of;
    };
    const asks = type();
    this.expect(this.word() === 'returns', "expected 'returns'");
    const answers = type();
    const options: string[] = [];
    if (this.peek() === '{')
      this.block(() => {
        if (this.take(';')) return;
        this.expect(this.word() === 'option', 'unexpected label');
        options.push(declared(this.option('=')));
        this.require(';');
      });
    else this.require(';');
    return `rpc ${name} (${asks}) returns (${answers})${options.length > 0 ? ` {\n${options.map(indented).join('')}}` : ''};\n`;
  }

  /** Wherever it stands, it is one of the file. */
  private extension(): void {
    const name = this.name();
    const fields: string[] = [];
    this.block(() => {
      if (this.take(';')) return;
      const { group, text } = this.field(this.word());
      if (!group) fields.push(text);
    });
    this.extendsOfFile.push(
      `extend ${name} {${fields.length > 0 ? '\n' : ''}${fields.map(indented).join('')}}\n`,
    );
  }

  private reserved(): string {
    const values: string[] = [];
    for (;;) {
      const next = this.peek();
      if (next === '"' || next === "'") values.push(`"${this.quoted()}"`);
      else {
        const from = this.integer();
        if (this.peek() === ',' || this.peek() === ';') values.push(String(from));
        else {
          this.expect(this.word() === 'to', "expected ',', ';', or 'to'");
          values.push(`${from} to ${this.integer()}`);
        }
      }
      if (this.take(';')) break;
      this.require(',');
    }
    return `reserved ${values.join(', ')};\n`;
  }

  private extensions(): string {
    const values: string[] = [];
    for (;;) {
      const from = this.integer();
      if (this.peek() === ',' || this.peek() === ';') values.push(String(from));
      else {
        this.expect(this.word() === 'to', "expected ',', ';' or 'to'");
        const word = this.word();
        const to = word === 'max' ? maxTag : Number(word);
        values.push(`${from} to ${to < maxTag ? to : 'max'}`);
      }
      if (this.take(';')) break;
      this.require(',');
    }
    return `extensions ${values.join(', ')};\n`;
  }

  private inlineOptions(): Option[] {
    if (!this.take('[')) return [];
    const options: Option[] = [];
    for (;;) {
      options.push(this.option('='));
      if (this.take(']')) return options;
      this.require(',');
    }
  }

  private option(separator: '=' | ':'): Option {
    const opening = this.peek();
    const bare = this.name();
    const name = opening === '[' ? `[${bare}]` : opening === '(' ? `(${bare})` : bare;
    const sub: string[] = this.take('.') ? this.name().split('.') : [];
    if (!(separator === ':' && this.peek() === '{')) this.require(separator);
    const { kind, value } = this.value();
    let option: Omit<Option, 'name'> = { kind, value };
    for (const part of sub.reverse()) option = { kind: 'option', value: { name: part, ...option } };
    return { name, ...option };
  }

  private value(): { kind: Kind; value: Value } {
    const next = this.peek();
    if (next === '{') return { kind: 'map', value: this.map() };
    if (next === '[') {
      this.require('[');
      const values: Value[] = [];
      while (!this.take(']')) {
        values.push(this.value().value);
        if (!this.take(',')) this.expect(this.peek() === ']', "expected ',' or ']'");
      }
      return { kind: 'list', value: values };
    }
    return next === '"' || next === "'"
      ? { kind: 'string', value: this.quoted() }
      : { kind: 'bare', value: this.word() };
  }

  private map(): Record<string, Value> {
    this.require('{');
    const result: Record<string, Value> = {};
    while (!this.take('}')) {
      const { name, value, kind } = this.option(':');
      const before = result[name];
      if (kind === 'option') {
        const { name: inner, value: innermost } = value as Option;
        result[name] = { ...(before as Record<string, Value>), [inner]: innermost as Value };
      } else if (before === undefined || before === '') result[name] = value as Value;
      else {
        const list = Array.isArray(before) ? before : [before];
        result[name] = [...list, ...(Array.isArray(value) ? value : [value as Value])];
      }
      if (!this.take(',')) this.take(';');
    }
    return result;
  }

  private type(word: string): string {
    if (word !== 'map') return word;
    this.require('<');
    const key = this.type(this.word());
    this.require(',');
    const value = this.type(this.word());
    this.require('>');
    return `map<${key}, ${value}>`;
  }

  private block(read: () => void): void {
    this.require('{');
    while (!this.take('}')) read();
  }

  private skip(): number {
    while (this.at < this.text.length && /\s/.test(this.text.charAt(this.at))) this.at++;
    return this.at;
  }

  private peek(): string {
    this.expect(this.skip() < this.text.length, 'unexpected end of file');
    return this.text.charAt(this.at);
  }

  private take(character: string): boolean {
    if (this.peek() !== character) return false;
    this.at++;
    return true;
  }

  private require(character: string): void {
    this.expect(this.take(character), `expected '${character}'`);
  }

  private word(): string {
    this.skip();
    const [word = ''] = /^[\w.-]*/.exec(this.text.slice(this.at, this.at + 1_000)) ?? [];
    this.expect(word !== '', 'expected a word');
    this.at += word.length;
    return word;
  }

  private name(): string {
    const close = { '(': ')', '[': ']' }[this.peek()];
    if (close === undefined) return this.word();
    this.at++;
    const name = this.word();
    this.require(close);
    return name;
  }

  private integer(): number {
    const word = this.word();
    const number = /^0[xX]/.test(word) ? parseInt(word, 16) : /^[+-]?\d+$/.test(word) ? Number(word) : NaN;
    this.expect(!Number.isNaN(number), 'expected an integer');
    return number;
  }

  private stringOrWord(): string {
    const next = this.peek();
    return next === '"' || next === "'" ? this.quoted() : this.word();
  }

  private quoted(): string {
    let quote = this.peek();
    this.expect(quote === '"' || quote === "'", 'quote expected');
    this.at++;
    let result = '';
    while (this.at < this.text.length) {
      const character = this.text.charAt(this.at++);
      if (character === quote) {
        const next = this.peek();
        if (next !== '"' && next !== "'") return result;
        quote = next;
        this.at++;
      } else result += character === '\\' ? this.escape() : character;
    }
    return this.fail('unterminated string');
  }

  private escape(): string {
    const [found = '', hex, octal] =
      /^(?:[xX]([0-9a-fA-F]{1,2})|([0-7]{1,3})|[\s\S])/.exec(this.text.slice(this.at, this.at + 3)) ?? [];
    this.at += found.length;
    if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16));
    if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8));
    return { a: '\u0007', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }[found] ?? found;
  }

  private expect(condition: boolean, message: string): void {
    if (!condition) this.fail(message);
  }

  private fail(message: string): never {
    throw new Unreadable(`Syntax error: ${message}`);
  }
}

const declared = (option: Option): string => `option ${optionText(option)};\n`;

/** Only options of a file or a message get back the backslashes in their texts. */
function declaredWithSlashes(option: Option): string {
  if (option.kind !== 'string') return declared(option);
  const slashes: Record<string, string> = {
    '\u0007': '\\a',
    '\b': '\\b',
    '\f': '\\f',
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    '\v': '\\v',
  };
  const value = [...(option.value as string)]
    .map((character) => slashes[character] ?? (/['"\\]/.test(character) ? `\\${character}` : character))
    .join('');
  return `option ${option.name} = "${value}";\n`;
}

function optionText({ name, kind, value }: Option): string {
  switch (kind) {
    case 'string':
      return `${name} = "${value as string}"`;
    case 'bare':
      return `${name} = ${value as string}`;
    case 'option':
      return `${name}.${optionText(value as Option)}`;
    case 'map':
      return `${name} = {\n${mapText(value as Record<string, Value>)}}`;
    case 'list':
      return `${name} = ${bracketed((value as Value[]).map(plainText))}`;
  }
}

/** Within a map everything is a text. */
function mapText(map: Record<string, Value>): string {
  const entries = Object.entries(map);
  return entries
    .map(([key, value], index) =>
      indented(`${key}: ${valueText(value)}${index < entries.length - 1 ? ',' : ''}`),
    )
    .join('');
}

function valueText(value: Value): string {
  if (typeof value === 'string') return `"${value}"`;
  if (!Array.isArray(value)) return `{\n${mapText(value)}}`;
  return `[\n${value.map((item, index) => indented(`${valueText(item)}${index < value.length - 1 ? ',' : ''}`)).join('')}]`;
}

const plainText = (value: Value): string => (typeof value === 'string' ? value : JSON.stringify(value));

const inline = (options: readonly Option[]): string =>
  options.length > 0 ? ` ${bracketed(options.map(optionText))}` : '';

function bracketed(texts: readonly string[]): string {
  if (texts.length === 1) return `[${texts[0]}]`;
  return `[\n${texts.map((text, index) => indented(`${text}${index < texts.length - 1 ? ',' : ''}`)).join('')}]`;
}
