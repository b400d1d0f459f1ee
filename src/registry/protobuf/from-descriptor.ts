import descriptor from 'protobufjs/ext/descriptor.js';
import { FactList } from './facts.js';
import { isEntry } from './map-entry.js';
import { usualJsonName } from './names.js';
import type { ProtobufFile } from './protobuf-file.js';

/** What protobufjs decodes a descriptor to, as far as it is read here. Names of types are full ones. */
interface File {
  package?: string;
  syntax?: string;
  edition?: number;
  dependency?: string[];
  publicDependency?: number[];
  weakDependency?: number[];
  messageType?: Message[];
  enumType?: Enum[];
  service?: Service[];
  extension?: Field[];
  options?: Options;
}
interface Message {
  name: string;
  field?: Field[];
  extension?: Field[];
  nestedType?: Message[];
  enumType?: Enum[];
  extensionRange?: Range[];
  oneofDecl?: { name: string; options?: Options }[];
  options?: Options;
  reservedRange?: Range[];
  reservedName?: string[];
}
interface Field {
  name: string;
  number: number;
  label?: number;
  type?: number;
  typeName?: string;
  extendee?: string;
  defaultValue?: string;
  oneofIndex?: number;
  jsonName?: string;
  options?: Options;
  proto3Optional?: boolean;
}
interface Enum {
  name: string;
  value?: { name: string; number: number; options?: Options }[];
  options?: Options;
  reservedRange?: Range[];
  reservedName?: string[];
}
interface Service {
  name: string;
  method?: {
    name: string;
    inputType: string;
    outputType: string;
    clientStreaming?: boolean;
    serverStreaming?: boolean;
    options?: Options;
  }[];
  options?: Options;
}
interface Range {
  start: number;
  end: number;
}
/** Custom options are fields that nobody knows without the files that declare them. */
type Options = Record<string, unknown> & { $unknowns?: Uint8Array[] };

const base64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/;
/** FieldDescriptorProto.Type, by number. */
const types = [
  '',
  'double',
  'float',
  'int64',
  'uint64',
  'int32',
  'fixed64',
  'fixed32',
  'bool',
  'string',
  'group',
  'message',
  'bytes',
  'uint32',
  'enum',
  'sfixed32',
  'sfixed64',
  'sint32',
  'sint64',
];

/** Whether a text may be a serialized `FileDescriptorProto`: confluent-kafka for Python registers such. */
export const isDescriptor = (text: string): boolean => base64.test(text);

/** @throws Error when it is none. */
export function readDescriptor(text: string): ProtobufFile {
  const file = descriptor.FileDescriptorProto.decode(Buffer.from(text, 'base64')) as unknown as File;
  const own = file.package ? `.${file.package}` : '';
  const imports = file.dependency ?? [];
  const declared = (messages: readonly Message[], at: string): string[] =>
    messages.flatMap(({ name, nestedType = [], enumType = [] }) => [
      `${at}.${name}`,
      ...declared(nestedType, `${at}.${name}`),
      ...enumType.map((values) => `${at}.${name}.${values.name}`),
    ]);
  return {
    declares: [
      ...(own === '' ? [] : [own]),
      ...declared(file.messageType ?? [], own),
      ...(file.enumType ?? []).map(({ name }) => `${own}.${name}`),
    ],
    imports,
    facts: () => {
      const facts = new FactList();
      const syntax = file.edition ? String(file.edition) : file.syntax || 'proto2';
      facts.say('syntax', '', syntax);
      facts.say('package', '', file.package ?? '');
      imports.forEach((path, index) =>
        facts.say(
          'import',
          path,
          file.publicDependency?.includes(index)
            ? 'public'
            : file.weakDependency?.includes(index)
              ? 'weak'
              : '',
        ),
      );
      const walk = new Walk(facts, syntax);
      walk.options('of the file', file.options, descriptor.FileOptions);
      walk.messages(file.messageType ?? [], own, []);
      for (const values of file.enumType ?? []) walk.enumeration(values, own);
      for (const field of file.extension ?? []) walk.field(field, own, []);
      for (const service of file.service ?? []) walk.service(service, own);
      return facts.all();
    },
  };
}

class Walk {
  constructor(
    private readonly facts: FactList,
    private readonly syntax: string,
  ) {}

  messages(messages: readonly Message[], at: string, parent: readonly Field[]): void {
    const beside = parent.map(({ name, label }) => ({ name, repeated: label === 3 }));
    let place = 0;
    for (const message of messages) {
      const { name, field = [], oneofDecl = [] } = message;
      const here = `${at}.${name}`;
      this.facts.say('message', here, isEntry({ name, fields: field }, beside) ? 'map' : String(place++));
      this.options(`of ${here}`, message.options, descriptor.MessageOptions);
      this.reserved(message, here, 1);
      for (const range of message.extensionRange ?? [])
        this.facts.say('extensions', `${rangeText(range, 1)} of ${here}`);
      for (const oneof of oneofDecl)
        this.options(`of ${here}.${oneof.name}`, oneof.options, descriptor.OneofOptions);
      for (const one of field) this.field(one, here, oneofDecl);
      for (const one of message.extension ?? []) this.field(one, here, []);
      this.messages(message.nestedType ?? [], here, field);
      for (const nested of message.nestedType ?? [])
        if (nested.options?.['mapEntry'] === true)
          for (const one of field)
            if (one.typeName === `${here}.${nested.name}`) this.facts.say('map', `${here}.${one.name}`);
      for (const values of message.enumType ?? []) this.enumeration(values, here);
    }
  }

  field(field: Field, at: string, oneofs: readonly { name: string }[]): void {
    const label =
      field.label === 3
        ? 'repeated'
        : field.label === 2
          ? 'required'
          : field.proto3Optional
            ? 'optional'
            : '';
    const named = field.typeName ?? '';
    const type = named === '' ? (types[field.type ?? 0] ?? '') : field.type === 10 ? `group ${named}` : named;
    const index = Object.hasOwn(field, 'oneofIndex') ? field.oneofIndex : undefined;
    const oneof = index !== undefined && !field.proto3Optional ? `in ${oneofs[index]?.name ?? ''}` : '';
    const is = [label, type, field.name, oneof].filter((word) => word !== '').join(' ');
    if (field.extendee) {
      const extended = `${field.extendee} ${field.number}`;
      this.facts.say('extend', extended, is);
      this.facts.say('scope of', extended, at);
    } else this.facts.say('field', `${at} ${field.number}`, is);
    const owner = `of ${at}.${field.name}`;
    if (field.defaultValue) this.facts.say('default', owner, defaultText(type, field.defaultValue));
    if (field.jsonName && field.jsonName !== usualJsonName(field.name))
      this.facts.say('json name', owner, JSON.stringify(field.jsonName));
    this.options(owner, field.options, descriptor.FieldOptions);
  }

  enumeration(values: Enum, parent: string): void {
    const at = `${parent}.${values.name}`;
    this.facts.say('enum', at);
    this.options(`of ${at}`, values.options, descriptor.EnumOptions);
    this.facts.say('first value', at, values.value?.[0]?.name ?? '');
    for (const { name, number, options } of values.value ?? []) {
      this.facts.say('value', `${at} ${name}`, String(number));
      this.options(`of ${at}.${name}`, options, descriptor.EnumValueOptions);
    }
    this.reserved(values, at, 0);
  }

  service(service: Service, parent: string): void {
    const at = `${parent}.${service.name}`;
    this.facts.say('service', at);
    this.options(`of ${at}`, service.options, descriptor.ServiceOptions);
    for (const { name, inputType, outputType, clientStreaming, serverStreaming, options } of service.method ??
      []) {
      const type = (of: string, streams: boolean | undefined) => `${streams === true ? 'stream ' : ''}${of}`;
      this.facts.say(
        'rpc',
        `${at}.${name}`,
        `${type(inputType, clientStreaming)} returns ${type(outputType, serverStreaming)}`,
      );
      this.options(`of ${at}.${name}`, options, descriptor.MethodOptions);
    }
  }

  /** @param beyond what the end of a range lies above its last number: 1 in messages, 0 in enums. */
  private reserved(
    { reservedRange = [], reservedName = [] }: Pick<Message, 'reservedRange' | 'reservedName'>,
    at: string,
    beyond: number,
  ): void {
    for (const range of reservedRange) this.facts.say('reserved', `${rangeText(range, beyond)} of ${at}`);
    for (const name of reservedName) this.facts.say('reserved', `"${name}" of ${at}`);
  }

  options(owner: string, options: Options | undefined, type: { toObject: unknown }): void {
    if (!options) return;
    for (const [camel, value] of Object.entries(
      (type.toObject as ToObject)(options, { enums: String, longs: String, bytes: String }),
    )) {
      const name = camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      const is = JSON.stringify(value, (_, item: unknown) =>
        typeof item === 'number' || typeof item === 'boolean' ? String(item) : item,
      );
      // Said by the map, and by proto3 itself.
      if (name === 'map_entry' || (name === 'packed' && value === true && this.syntax === 'proto3')) continue;
      this.facts.say('option', `${name} ${owner}`, is);
    }
    const unknown = options.$unknowns ?? [];
    if (unknown.length > 0)
      this.facts.say('option', `of its own ${owner}`, Buffer.concat(unknown).toString('base64'));
  }
}

type ToObject = (message: Options, options: object) => Record<string, unknown>;

function rangeText({ start, end }: Range, beyond: number): string {
  return end - beyond === start ? String(start) : `${start} to ${end - beyond}`;
}

/** As the parser of texts reads it. */
function defaultText(type: string, value: string): string {
  if (['string', 'bytes'].includes(type) || type.startsWith('.')) return JSON.stringify(value);
  const number = Number(value);
  return JSON.stringify(Number.isNaN(number) ? value : String(number));
}
