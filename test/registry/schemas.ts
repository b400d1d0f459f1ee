import type { Schema } from '../../src/registry/schema.js';

/** Schemas that tests register; each call with another name or field is another schema. */
export const avro = (name: string, ...fields: string[]): Schema => ({
  type: 'AVRO',
  text: JSON.stringify({
    type: 'record',
    name,
    fields: fields.map((field) => ({ name: field, type: 'string', default: '' })),
  }),
  references: [],
});

export const json = (title: string): Schema => ({
  type: 'JSON',
  text: JSON.stringify({ title, type: 'object', properties: { a: { type: 'string' } } }),
  references: [],
});

export const proto = (
  name: string,
  imports: readonly { name: string; subject: string; version: number; message: string }[] = [],
): Schema => ({
  type: 'PROTOBUF',
  text: [
    'syntax = "proto3";',
    `package p${name.toLowerCase()};`,
    ...imports.map((one) => `import "${one.name}";`),
    `message ${name} {`,
    ...imports.map(
      (one, index) => `  p${one.message.toLowerCase()}.${one.message} f${index + 1} = ${index + 1};`,
    ),
    `  string last = ${imports.length + 1};`,
    '}',
    '',
  ].join('\n'),
  references: imports.map(({ name: file, subject, version }) => ({ name: file, subject, version })),
});
