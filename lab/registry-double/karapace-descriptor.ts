import descriptor from 'protobufjs/ext/descriptor.js';

/** As far as Karapace reads it. */
interface Message {
  name: string;
  field: Field[];
  nestedType: Message[];
  enumType: Enum[];
  oneofDecl: { name: string }[];
  reservedRange: { start: number; end: number }[];
  reservedName: string[];
}
interface Field {
  name: string;
  number: number;
  label: number;
  type: number;
  typeName: string;
  oneofIndex: number;
  proto3Optional: boolean;
}
interface Enum {
  name: string;
  value: { name: string; number: number; options?: { deprecated?: boolean } }[];
}

/** Kept of a file's options, in this order. */
const options = [
  'javaPackage',
  'javaOuterClassname',
  'optimizeFor',
  'javaMultipleFiles',
  'goPackage',
  'ccGenericServices',
  'javaGenericServices',
  'pyGenericServices',
  'javaGenerateEqualsAndHash',
  'deprecated',
  'javaStringCheckUtf8',
  'ccEnableArenas',
  'objcClassPrefix',
  'csharpNamespace',
  'swiftPrefix',
  'phpClassPrefix',
  'phpNamespace',
  'phpGenericServices',
  'phpMetadataNamespace',
  'rubyPackage',
];
const types = descriptor.FieldDescriptorProto.Type as unknown as Record<number, string>;

/**
 * A serialized descriptor in base64 as the text that Karapace 6.2 makes of it (`serialization.py`), still to be put into its
 * order. Maps become messages; extends, services, extension ranges and the options of fields and messages are lost.
 * `undefined`: it is no base64.
 */
export function textOfDescriptor(schema: string): string | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(schema) || schema.length % 4 !== 0) return undefined;
  const file = descriptor.FileDescriptorProto.decode(Buffer.from(schema, 'base64')) as unknown as {
    syntax: string;
    package: string;
    dependency: string[];
    publicDependency: number[];
    messageType: Message[];
    enumType: Enum[];
    options?: Record<string, unknown>;
  };
  const of = file.options ?? {};
  return [
    ...(file.syntax === '' ? [] : [`syntax = "${file.syntax}";`]),
    ...(file.package === '' ? [] : [`package ${file.package};`]),
    ...file.dependency.map(
      (path, index) => `import ${file.publicDependency.includes(index) ? 'public ' : ''}"${path}";`,
    ),
    ...options.flatMap((name) =>
      Object.hasOwn(of, name) ? [`option ${snake(name)} = ${valueText(of[name])};`] : [],
    ),
    ...file.enumType.map(enumText),
    ...file.messageType.map(messageText),
  ].join('\n');
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const valueText = (value: unknown): string =>
  typeof value === 'string' ? JSON.stringify(value) : String(value);

function messageText(message: Message): string {
  const reserved = [
    ...message.reservedRange.map(({ start, end }) =>
      end === start + 1 ? `${start}` : `${start} to ${end - 1}`,
    ),
    ...message.reservedName.map((name) => `"${name}"`),
  ];
  const inOneof = (field: Field) => Object.hasOwn(field, 'oneofIndex') && !field.proto3Optional;
  return [
    `message ${message.name} {`,
    ...(reserved.length > 0 ? [`reserved ${reserved.join(', ')};`] : []),
    ...message.nestedType.map(messageText),
    ...message.enumType.map(enumText),
    ...message.field.filter((field) => !inOneof(field)).map(fieldText),
    ...message.oneofDecl.flatMap(({ name }, index) => {
      const fields = message.field.filter(
        (field) => Object.hasOwn(field, 'oneofIndex') && field.oneofIndex === index,
      );
      return fields.some(({ proto3Optional }) => proto3Optional)
        ? []
        : [`oneof ${name} {`, ...fields.map(fieldText), '}'];
    }),
    '}',
  ].join('\n');
}

function fieldText({ name, number, label, type, typeName, proto3Optional }: Field): string {
  const said = label === 3 ? 'repeated ' : label === 2 ? 'required ' : proto3Optional ? 'optional ' : '';
  const named = typeName !== '' ? typeName : (types[type] ?? '').replace('TYPE_', '').toLowerCase();
  return `${said}${named} ${name} = ${number};`;
}

const enumText = ({ name, value }: Enum): string =>
  [
    `enum ${name} {`,
    ...value.map(
      (one) => `${one.name} = ${one.number}${one.options?.deprecated ? ' [deprecated = true]' : ''};`,
    ),
    '}',
  ].join('\n');
