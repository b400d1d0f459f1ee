import { isDescriptor, readDescriptor } from './from-descriptor.js';
import { readText } from './from-text.js';
import type { ProtobufFile } from './protobuf-file.js';

/**
 * Protobuf as registries hold it: a text, or a serialized `FileDescriptorProto` in base64. `undefined` for what is
 * neither.
 */
export function readProtobuf(text: string): ProtobufFile | undefined {
  try {
    return isDescriptor(text) ? readDescriptor(text) : readText(text);
  } catch {
    return undefined;
  }
}
