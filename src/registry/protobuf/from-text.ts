import protobuf from 'protobufjs';
import { FactList } from './facts.js';
import { entryName, isEntry } from './map-entry.js';
import { Names, usualJsonName } from './names.js';
import type { ProtobufFile } from './protobuf-file.js';
import { wordsOf } from './words.js';

/** @throws Error when protobufjs does not take it. */
export function readText(text: string): ProtobufFile {
  const words = wordsOf(text);
  const { root, package: name = '' } = protobuf.parse(text, { keepCase: true });
  const inside = name === '' ? root : root.lookup(name);
  if (!(inside instanceof protobuf.Namespace)) throw new Error('A package has no name.');
  const own = name === '' ? '' : `.${name}`;
  const declares = [...(own === '' ? [] : [own]), ...declaredIn(inside)];
  const { syntax } = words;
  return {
    declares,
    imports: words.imports.map(({ path }) => path),
    facts: (imported) => {
      const names = new Names();
      for (const declared of declares) names.add(declared);
      for (const file of imported) for (const declared of file.declares) names.add(declared);
      for (const { path } of words.imports)
        if (path.startsWith('google/protobuf/')) names.add('.google.protobuf');
      const facts = new FactList();
      facts.say('syntax', '', syntax);
      facts.say('package', '', name);
      for (const { path, how } of words.imports) facts.say('import', path, how);
      for (const { behind, words: said } of words.brackets) facts.say('option', `of ${behind}`, said);
      if (words.longNumbers.length > 0) facts.say('long number', '', words.longNumbers.join());
      const walk = new Walk(facts, names, syntax);
      if (inside !== root) walk.options('of the file', own, root);
      walk.options('of the file', own, inside);
      walk.namespace(inside, own);
      return facts.all();
    },
  };
}

function declaredIn(namespace: protobuf.NamespaceBase): string[] {
  return namespace.nestedArray.flatMap((nested) => {
    if (nested instanceof protobuf.Enum) return [nested.fullName];
    return nested instanceof protobuf.Type ? [nested.fullName, ...declaredIn(nested)] : [];
  });
}

class Walk {
  constructor(
    private readonly facts: FactList,
    private readonly names: Names,
    private readonly syntax: string,
  ) {}

  namespace(namespace: protobuf.NamespaceBase, at: string): void {
    let place = 0;
    for (const nested of namespace.nestedArray) {
      if (nested instanceof protobuf.Type)
        this.message(
          nested,
          `${at}.${nested.name}`,
          standsForMap(nested, namespace) ? 'map' : String(place++),
        );
      else if (nested instanceof protobuf.Enum) this.enumeration(nested, `${at}.${nested.name}`);
      else if (nested instanceof protobuf.Service) this.service(nested, `${at}.${nested.name}`);
      else if (nested instanceof protobuf.Field) this.field(nested, at, namespace);
    }
  }

  /** Records name a message by its place among the messages beside it, so that is a fact, and no other order is. */
  private message(type: protobuf.Type, at: string, place: string): void {
    this.facts.say('message', at, place);
    this.options(`of ${at}`, at, type);
    for (const range of type.reserved ?? [])
      this.facts.say('reserved', `${typeof range === 'string' ? `"${range}"` : rangeText(range)} of ${at}`);
    for (const range of (type.extensions as number[][] | undefined) ?? [])
      this.facts.say('extensions', `${rangeText(range)} of ${at}`);
    for (const oneof of type.oneofsArray)
      if (!isSynthetic(oneof)) this.options(`of ${at}.${oneof.name}`, at, oneof);
    // What extends a message that is declared here too stands in that as well.
    for (const field of type.fieldsArray) if (!field.declaringField) this.field(field, at, type);
    this.namespace(type, at);
  }

  private field(field: protobuf.Field, at: string, parent: protobuf.NamespaceBase): void {
    const options = field.options ?? {};
    const label =
      field.rule === 'required'
        ? 'required'
        : field.repeated || field.map
          ? 'repeated'
          : options['proto3_optional'] === true
            ? 'optional'
            : '';
    const oneof = field.partOf && !isSynthetic(field.partOf) ? `in ${field.partOf.name}` : '';
    if (field instanceof protobuf.MapField) this.map(field, at);
    const is = [label, this.typeText(field, at, parent), field.name, oneof]
      .filter((word) => word !== '')
      .join(' ');
    const owner = `${at}.${field.name}`;
    if (field.extend === undefined) this.facts.say('field', `${at} ${field.id}`, is);
    else {
      const extended = `${this.names.resolve(field.extend, at)} ${field.id}`;
      this.facts.say('extend', extended, is);
      this.facts.say('scope of', extended, at);
    }
    this.options(`of ${owner}`, at, field);
  }

  private typeText(field: protobuf.Field, at: string, parent: protobuf.NamespaceBase): string {
    if (field instanceof protobuf.MapField) return `${at}.${entryName(field.name)}`;
    const type = this.type(field.type, at);
    const group = parent.get(field.type);
    return group instanceof protobuf.Type && (group as { group?: boolean }).group === true
      ? `group ${type}`
      : type;
  }

  private map(field: protobuf.MapField, at: string): void {
    const entry = `${at}.${entryName(field.name)}`;
    this.facts.say('map', `${at}.${field.name}`);
    this.facts.say('message', entry, 'map');
    this.facts.say('field', `${entry} 1`, `${field.keyType} key`);
    this.facts.say('field', `${entry} 2`, `${this.type(field.type, at)} value`);
  }

  private type(name: string, at: string): string {
    return name in protobuf.types.basic ? name : this.names.resolve(name, at);
  }

  private enumeration(values: protobuf.Enum, at: string): void {
    this.facts.say('enum', at);
    this.options(`of ${at}`, at, values);
    const names = Object.keys(values.values);
    // In proto2 a field that is not there has the first value.
    this.facts.say('first value', at, names[0] ?? '');
    for (const name of names) this.facts.say('value', `${at} ${name}`, String(values.values[name]));
    for (const range of (values.reserved as (number[] | string)[] | undefined) ?? [])
      this.facts.say('reserved', `${typeof range === 'string' ? `"${range}"` : rangeText(range)} of ${at}`);
  }

  private service(service: protobuf.Service, at: string): void {
    this.facts.say('service', at);
    this.options(`of ${at}`, at, service);
    for (const method of service.methodsArray) {
      const { name, requestType, requestStream, responseType, responseStream } = method;
      const type = (of: string, streams: boolean | undefined) =>
        `${streams === true ? 'stream ' : ''}${this.names.resolve(of, at)}`;
      this.facts.say(
        'rpc',
        `${at}.${name}`,
        `${type(requestType, requestStream)} returns ${type(responseType, responseStream)}`,
      );
      this.options(`of ${at}.${name}`, at, method);
    }
  }

  options(owner: string, at: string, { parsedOptions }: protobuf.ReflectionObject): void {
    for (const option of parsedOptions ?? [])
      for (const [name, value] of Object.entries(option)) {
        const is = valueText(value);
        if (name === 'default') {
          // Nothing is what an empty text is anyway.
          if (is !== '""') this.facts.say('default', owner, is);
        } else if (name === 'json_name') {
          if (value !== usualJsonName(owner.slice(owner.lastIndexOf('.') + 1)))
            this.facts.say('json name', owner, is);
        }
        // Whoever reads takes both, and proto3 writes so anyway.
        else if (name === 'packed' && is === '"true"' && this.syntax === 'proto3') continue;
        else this.facts.say('option', `${this.optionName(name, at)} ${owner}`, is);
      }
  }

  /** `(shop.audited)` is an extension of its own; what is not in parentheses is Protobuf's. */
  private optionName(name: string, at: string): string {
    return name.replace(/\(([^)]+)\)/g, (_, extension: string) =>
      extension.startsWith('.')
        ? `(${extension.slice(1)})`
        : `(${this.names.resolve(extension, at).replace(/^[.~]/, '')})`,
    );
  }
}

const standsForMap = (type: protobuf.Type, parent: protobuf.NamespaceBase): boolean =>
  parent instanceof protobuf.Type &&
  isEntry(
    { name: type.name, fields: type.fieldsArray.map(({ name, id }) => ({ name, number: id })) },
    parent.fieldsArray,
  );

const isSynthetic = ({ fieldsArray }: protobuf.OneOf): boolean =>
  fieldsArray.length === 1 && fieldsArray[0]?.options?.['proto3_optional'] === true;

const rangeText = ([from, to]: readonly number[]): string =>
  from === to ? String(from) : `${from} to ${to}`;

/** Within an option a registry may write numbers and names as texts: what they say is the same. */
function valueText(value: unknown): string {
  return JSON.stringify(plain(value));
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value)
        .map(([key, item]): [string, unknown] => [key, plain(item)])
        .sort(([one], [other]) => (one < other ? -1 : 1)),
    );
  return String(value);
}
