import { isDescriptor, readDescriptor } from './from-descriptor.js';
import { readText } from './from-text.js';
import type { ProtobufFile } from './protobuf-file.js';

/**
 * Protobuf as registries hold it: a text, or a serialized `FileDescriptorProto` in base64. `undefined` for what is
 * neither.
 */
export function readProtobuf(text: string): ProtobufFile | undefined {
  try {
    if (isDescriptor(text)) return readDescriptor(text);
    return textsEnd(text) ? readText(text) : undefined;
  } catch {
    return undefined;
  }
}

/** protobufjs looks for the end of a quoted text from each of its characters anew: where there is none, for ever. */
function textsEnd(text: string): boolean {
  const pattern =
    /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|"(?:[^"\\]|\\[\s\S]?)*("|$)|'(?:[^'\\]|\\[\s\S]?)*('|$)/g;
  for (const [, double, single] of text.matchAll(pattern)) if (double === '' || single === '') return false;
  return true;
}
