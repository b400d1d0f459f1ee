import { describe, expect, it } from '@jest/globals';
import { RegistryRules, type Refused } from '../../lab/registry-double/rules.js';
import { avro, json, proto } from '../registry/schemas.js';

// Karapace's rules as they were measured on Karapace: whoever changes one here has to measure it anew.
const body = (
  schema: { type: string; text: string; references: never[] | readonly object[] },
  as: object = {},
) => ({
  schema: schema.text,
  schemaType: schema.type,
  references: schema.references as never[],
  ...as,
});
const refused = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    const { status, code } = error as Refused;
    return `${status}/${code}`;
  }
  return 'taken';
};

describe('ids and versions', () => {
  it('an id stays bound to its content, also when its subject is gone for good', () => {
    const rules = new RegistryRules();
    const id = rules.register('a', body(avro('A')));
    rules.deleteSubject('a', false);
    rules.deleteSubject('a', true);
    expect(rules.byId(id, false).schemaType).toBe('AVRO');
    rules.setMode('b', 'IMPORT', false);
    expect(refused(() => rules.register('b', body(avro('B'), { id, version: 1 })))).toBe('409/40901');
    expect(rules.register('b', body(avro('A'), { id, version: 1 }))).toBe(id);
    expect(rules.register('c', body(avro('C')))).toBe(id + 1);
  });

  it('a version that is there, deleted or not, is not overwritten', () => {
    const rules = new RegistryRules();
    rules.setMode('a', 'IMPORT', false);
    rules.register('a', body(avro('A'), { id: 5, version: 3 }));
    expect(refused(() => rules.register('a', body(avro('B'), { id: 6, version: 3 })))).toBe('409/40901');
    expect(rules.register('a', body(avro('A'), { id: 5, version: 3 }))).toBe(5);
    rules.deleteVersion('a', 3, false);
    expect(refused(() => rules.register('a', body(avro('A'), { id: 5, version: 3 })))).toBe('409/40901');
  });

  it('numbers that are none have codes of their own', () => {
    const rules = new RegistryRules();
    rules.setMode('a', 'IMPORT', false);
    expect(refused(() => rules.register('a', body(avro('A'), { id: 0, version: 1 })))).toBe('422/42207');
    expect(refused(() => rules.register('a', body(avro('A'), { id: 1, version: -1 })))).toBe('422/42202');
  });

  it('before 6.2.4 ids are counted, whatever is asked for, and the mode is only told', () => {
    const rules = new RegistryRules({ importMode: 'read' });
    expect(rules.mode(undefined)).toBe('READWRITE');
    expect(refused(() => rules.setMode('a', 'IMPORT', false))).toBe('405/405');
    expect(rules.register('a', body(avro('A'), { id: 500, version: 7 }))).toBe(1);
    expect(rules.listVersions('a', false)).toEqual([1]);
  });
});

describe('modes and levels', () => {
  it('a mode is that of the subject, else that of the registry; of what is unknown it is told nothing', () => {
    const rules = new RegistryRules();
    rules.register('a', body(avro('A')));
    expect(rules.mode('a')).toBe('READWRITE');
    expect(refused(() => rules.mode('unknown'))).toBe('404/40401');
    expect(refused(() => rules.setMode('a', 'READONLY', false))).toBe('422/42204');
    expect(refused(() => rules.setMode('a', 'IMPORT', false))).toBe('409/40901');
    expect(refused(() => rules.setMode(undefined, 'IMPORT', false))).toBe('409/40901');
    expect(refused(() => rules.clearMode('a'))).toBe('404/40401');
    rules.setMode('a', 'IMPORT', true);
    expect(rules.clearMode('a')).toBe('READWRITE');
    expect(refused(() => new RegistryRules({ mutableModes: false }).setMode('a', 'IMPORT', false))).toBe(
      '422/42205',
    );
  });

  it('a level is not told without versions; a subject with nothing else is listed among the deleted ones', () => {
    const rules = new RegistryRules();
    rules.setLevel('a', 'FULL');
    rules.setMode('b', 'IMPORT', false);
    expect(refused(() => rules.level('a', false))).toBe('404/40401');
    expect(rules.listSubjects(false)).toEqual([]);
    expect(rules.listSubjects(true).sort()).toEqual(['a', 'b']);
  });

  it('a subject that is deleted for good in import mode is in it again after a restart', () => {
    const rules = new RegistryRules();
    for (const subject of ['forgotten', 'cleared']) {
      rules.setMode(subject, 'IMPORT', false);
      rules.register(subject, body(avro(subject), { id: subject.length, version: 1 }));
      rules.deleteVersion(subject, 1, false);
    }
    rules.clearMode('cleared');
    for (const subject of ['forgotten', 'cleared']) rules.deleteVersion(subject, 1, true);
    expect(refused(() => rules.mode('forgotten'))).toBe('404/40401');
    rules.restart();
    expect([rules.listSubjects(true), rules.health()]).toEqual([[], { schema_registry_ready: false }]);
    rules.replayed();
    expect(rules.mode('forgotten')).toBe('IMPORT');
    expect(refused(() => rules.mode('cleared'))).toBe('404/40401');
  });
});

describe('references', () => {
  const base = { name: 'b', subject: 'base', version: 1, message: 'Base' };

  it('whoever is soft-deleted still refers, and nobody refers to what is', () => {
    const rules = new RegistryRules();
    rules.register('base', body(proto('Base')));
    rules.register('uses', body(proto('Uses', [base])));
    rules.deleteVersion('uses', 1, false);
    expect(refused(() => rules.deleteVersion('base', 1, false))).toBe('422/42206');
    rules.deleteVersion('uses', 1, true);
    rules.deleteVersion('base', 1, false);
    expect(refused(() => rules.register('more', body(proto('More', [base]))))).toBe('422/42201');
  });

  it('JSON Schema has none', () => {
    const rules = new RegistryRules();
    rules.register('base', body(json('base')));
    expect(refused(() => rules.register('uses', body({ ...json('uses'), references: [base] })))).toBe(
      '422/44302',
    );
  });
});

describe('what is kept of a schema', () => {
  it('keys of JSON are sorted, Protobuf is written anew, and so is a descriptor', () => {
    const rules = new RegistryRules();
    rules.register(
      'a',
      body({ type: 'AVRO', text: '{"type":"enum","name":"E","symbols":["A"]}', references: [] }),
    );
    expect(rules.show('a', 1, false).schema).toBe('{"name":"E","symbols":["A"],"type":"enum"}');
    const text = 'syntax = "proto3"; enum E { reserved 5; Z = 0; } message M { E e = 0x2; }';
    rules.register('p', body({ type: 'PROTOBUF', text, references: [] }));
    expect(rules.show('p', 1, false).schema).toBe(
      'syntax = "proto3";\n\nmessage M {\n  E e = 2;\n}\nenum E {\n  Z = 0;\n}\n',
    );
    expect(
      refused(() => rules.register('p', body({ type: 'PROTOBUF', text: `//\n${text}`, references: [] }))),
    ).toBe('422/42201');
  });
});
