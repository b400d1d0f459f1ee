import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openGround, type Ground } from '../registry/ground.js';
import { protobuf } from '../registry/proto-files.js';
import { avro, json } from '../registry/schemas.js';

// What a registry refuses is said beforehand where it can be known, and in a sentence of its own where not.
let ground: Ground;
beforeEach(async () => {
  ground = await openGround({ source: { writesAnew: false } });
});
afterEach(() => ground.close());

const written = () => ground.doubles.target.log.filter((line) => /^(PUT|POST|DELETE) /.test(line));
const asJson = (status: number, code: number) => ({
  status,
  body: JSON.stringify({ error_code: code, message: 'secret' }),
  contentType: 'application/json',
});

describe('told before anything is written', () => {
  it('a registry that is in import mode as a whole', async () => {
    await ground.source.register('a', avro('A'));
    ground.doubles.target.rules.setMode(undefined, 'IMPORT', false);
    const { complete, findings } = await ground.copy(['a']);
    expect([complete, findings.map(({ key }) => key)]).toEqual([
      false,
      expect.arrayContaining(['schema-registry-importing']),
    ]);
    expect(written()).toEqual([]);
  });

  it('what the parsers of a Karapace do not take', async () => {
    await ground.source.register('weak', protobuf('syntax = "proto2"; import weak "a.proto"; message M {}'));
    const base = await ground.source.register('base', json('base'));
    expect(base).toBe(2);
    // No registry that follows Karapace's rules holds it; Confluent's does.
    const { source } = ground;
    const asConfluent: typeof source = {
      ...source,
      until: () => asConfluent,
      version: async (subject, version) => {
        const there = await source.version(subject, version);
        return there && subject === 'base'
          ? { ...there, references: [{ name: 'w', subject: 'weak', version: 1 }] }
          : there;
      },
    };
    const { complete, findings } = await ground.copy(['weak', 'base'], { source: asConfluent });
    expect([complete, findings.filter(({ weight }) => weight === 'blocks')]).toEqual([
      false,
      [
        {
          weight: 'blocks',
          key: 'schema-refused:weak version 1',
          sentence:
            'registry-b is a Karapace and will not take weak version 1: its parser knows no weak imports.',
        },
        {
          weight: 'blocks',
          key: 'schema-refused:base version 1',
          sentence:
            'registry-b is a Karapace and will not take base version 1: its JSON Schema takes no references.',
        },
      ],
    ]);
    expect(written()).toEqual([]);
  });

  it('numbers with more digits than a double has', async () => {
    const text = '{"type":"integer","maximum":9223372036854775807}';
    await ground.source.register('long', { type: 'JSON', text, references: [] });
    const asked = await ground.copy(['long']);
    expect(asked).toMatchObject({
      complete: false,
      findings: [{ weight: 'asks', key: 'schema-rewritten:long version 1' }, { weight: 'notes' }],
    });
    expect(written()).toEqual([]);
    expect(await ground.copy(['long'], { accepted: ['schema-rewritten:long version 1'] })).toMatchObject({
      complete: true,
    });
  });
});

describe('an answer of the registry, as a sentence that quotes nothing of it', () => {
  const register = () => ground.target.register('a', avro('A'), { id: 1, version: 1 });

  it.each([
    ['44302', 422, 44302, 'Refused', /takes no references in JSON Schema \(a version 1\)/],
    [
      'a right that is missing',
      404,
      40401,
      'NotFound',
      /whether the ferry's user may register a schema for a/,
    ],
    ['a compatibility level', 409, 409, 'Refused', /not compatible with the versions there/],
    ['something that is taken', 409, 40901, 'Conflict', /its id or its version is taken there/],
  ])('%s', async (_, status, code, type, sentence) => {
    ground.doubles.target.fault = () => asJson(status, code);
    const failed = await register().then(
      () => undefined,
      (error: Error) => error,
    );
    expect(failed).toMatchObject({ type, message: expect.stringMatching(sentence) as unknown });
    expect(failed?.message).not.toMatch(/secret/);
  });

  it('40901 for a subject that has versions where import mode was asked for', async () => {
    await ground.target.register('a', avro('A'));
    await expect(ground.target.setMode('a', 'IMPORT')).rejects.toMatchObject({
      type: 'Conflict',
      message: expect.stringMatching(/into import mode, because it has versions already/) as unknown,
    });
  });

  /** Somebody has written on the target between the plan and the copy. */
  const meanwhile = (work: () => void) => {
    let done = false;
    ground.doubles.target.fault = (request) => {
      if (done || request !== 'POST /subjects/a/versions') return undefined;
      done = true;
      work();
      return undefined;
    };
  };
  const body = (name: string, as: object) => ({ schema: avro(name).text, ...as });

  it.each([
    [
      'for an id that is bound',
      () => {
        const { rules } = ground.doubles.target;
        rules.setMode('x', 'IMPORT', false);
        rules.register('x', body('Other', { id: 1, version: 1 }));
      },
      /has bound id 1, that of a version 1, to another schema/,
    ],
    [
      'for a version that is there',
      () => void ground.doubles.target.rules.register('a', body('Other', { id: 7, version: 1 })),
      /a version 1 is on registry "registry-b" already, as another schema/,
    ],
    [
      'for the place of a deleted version',
      () => {
        const { rules } = ground.doubles.target;
        rules.register('a', body('Other', { id: 7, version: 1 }));
        rules.deleteVersion('a', 1, false);
      },
      /a version 1 is deleted on registry "registry-b", which takes nothing in its place/,
    ],
  ])('40901 %s', async (_, work, sentence) => {
    await ground.source.register('a', avro('A'));
    meanwhile(work);
    await expect(ground.copy(['a'])).rejects.toMatchObject({
      type: 'Conflict',
      message: expect.stringMatching(sentence) as unknown,
    });
  });
});

it('whatever a subject is called, every call is about that one', async () => {
  const names = ['a/b', '50%25', ':.ctx:s value', 'ä?x=1#y', 'käse blau', '../x', '日本', 'a+b&c=d'];
  const { target: registry, doubles } = ground;
  for (const [at, subject] of names.entries()) {
    const schema = avro(`A${at}`);
    const id = await registry.register(subject, schema);
    expect(await registry.version(subject, 1)).toMatchObject({ subject, id });
    expect(await registry.find(subject, schema)).toEqual({ id, version: 1 });
    await registry.setCompatibility(subject, 'FULL');
    expect(await registry.compatibility(subject)).toBe('FULL');
    await registry.clearCompatibility(subject);
    expect(await registry.compatibility(subject)).toBeUndefined();
    await registry.setMode(subject, 'IMPORT', { force: true });
    expect(await registry.mode(subject)).toBe('IMPORT');
    await registry.clearMode(subject);
    expect(await registry.mode(subject)).toBe('READWRITE');
    expect(await registry.subjectsOf(id)).toEqual([subject]);
  }
  expect((await registry.subjects()).sort()).toEqual([...names].sort());
  for (const subject of names) {
    await registry.deleteVersion(subject, 1);
    expect(await registry.versions(subject, { deleted: true })).toEqual([1]);
    await registry.deleteSubject(subject, { permanent: true });
    expect(await registry.versions(subject, { deleted: true })).toEqual([]);
  }
  expect(doubles.target.rules.listSubjects(true)).toEqual([]);
});

it('many requests at once are no leak of listeners', async () => {
  const warned: string[] = [];
  const hear = ({ name }: Error) => void warned.push(name);
  process.on('warning', hear);
  const subjects = Array.from({ length: 40 }, (_, at) => `s${at}`);
  for (const subject of subjects) await ground.source.register(subject, avro(subject));
  await ground.copy(subjects, { attempt: { signal: new AbortController().signal } });
  // Warnings are told in a later turn.
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', hear);
  expect(warned).not.toContain('MaxListenersExceededWarning');
});
