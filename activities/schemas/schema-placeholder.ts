import type { Schema } from '../../src/registry/schema.js';

const mark = 'kafka_ferry_placeholder';

/** A schema that nobody uses, of the type of its subject, and another for each id: it holds an id or a version number. */
export function placeholder(type: string, id: number): Schema {
  const name = `${mark}_${id}`;
  const text =
    type === 'PROTOBUF'
      ? `syntax = "proto3";\nmessage ${name} {\n}\n`
      : type === 'JSON'
        ? JSON.stringify({ title: name, type: 'null' })
        : JSON.stringify({ type: 'enum', name, symbols: ['NONE'] });
  return { type, text, references: [] };
}

export const isPlaceholder = ({ text }: Schema): boolean => text.includes(mark);
