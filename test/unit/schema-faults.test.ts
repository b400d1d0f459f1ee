import { afterEach, describe, expect, it } from '@jest/globals';
import { openRegistry } from '../../src/registry/open.js';
import type { Registry } from '../../src/registry/registry.js';
import type { DoubleOptions } from '../../lab/registry-double/server.js';
import { holdings, openGround, type Ground } from '../registry/ground.js';
import { avro, proto } from '../registry/schemas.js';

let ground: Ground;
afterEach(() => ground.close());

const order = (...fields: string[]) => avro('Order', 'a', ...fields);
const keys = ({ findings }: { findings: readonly { key: string }[] }) => findings.map(({ key }) => key);

async function withOrders(options: { source?: DoubleOptions; target?: DoubleOptions } = {}): Promise<Ground> {
  ground = await openGround(options);
  await ground.source.register('orders-value', order());
  await ground.source.register('orders-value', order('b'));
  return ground;
}

describe('a registry that does not do what it should', () => {
  it('down: Unreachable, with its address and nothing else', async () => {
    await withOrders();
    await ground.doubles.target.close();
    await expect(ground.copy(['orders-value'])).rejects.toMatchObject({
      type: 'Unreachable',
      message: expect.stringMatching(
        /^Registry "registry-b" at 127\.0\.0\.1:\d+ did not answer \(ECONNREFUSED\): check/,
      ) as unknown,
    });
  });

  it('asked again after it hung up, and what it did before that is not done twice', async () => {
    await withOrders();
    const patient = openRegistry('registry-b', { url: ground.doubles.target.url, pausesMs: [1] });
    let lost = 0;
    ground.doubles.target.fault = (request) =>
      request === 'POST /subjects/orders-value/versions' && lost++ < 1 ? { after: 'hang-up' } : undefined;
    expect(await ground.copy(['orders-value'], { target: patient })).toMatchObject({ complete: true });
    expect(lost).toBe(3);
    expect(await holdings(ground.target)).toEqual(await holdings(ground.source));
    patient.close();
  });

  it.each([
    ['a page', { status: 200, body: '<html>login: secret</html>' }, 'Unexpected', /not a schema registry's/],
    ['other JSON', { status: 200, body: '{"hello":"secret"}' }, 'Unexpected', /not a schema registry's/],
    ['a redirect', { status: 302, body: '{"secret":1}' }, 'Unexpected', /not a schema registry's/],
    ['503', { status: 503, body: 'secret' }, 'Unreachable', /could not tell its health \(status 503\)/],
    ['403', { status: 403, body: 'secret' }, 'Unauthorized', /may not list its subjects/],
  ])('says %s: a sentence that quotes nothing of it', async (_, fault, type, sentence) => {
    await withOrders();
    ground.doubles.target.fault = () => fault;
    const failed = await ground.copy(['orders-value']).then(
      () => undefined,
      (error: Error) => error,
    );
    expect(failed).toMatchObject({ type, message: expect.stringMatching(sentence) as unknown });
    expect(failed?.message).not.toMatch(/secret/);
  });

  it('refuses a login without naming the password', async () => {
    await withOrders({ target: { login: { username: 'ferry', password: 'right' } } });
    const wrong = openRegistry('registry-b', {
      url: ground.doubles.target.url,
      login: { username: 'ferry', password: 'wrong-one' },
    });
    await expect(wrong.subjects()).rejects.toMatchObject({
      type: 'Unauthenticated',
      message: expect.stringMatching(/refused the ferry's credentials \(user "ferry"\)/) as unknown,
    });
    await expect(wrong.subjects()).rejects.not.toMatchObject({
      message: expect.stringMatching(/wrong-one/) as unknown,
    });
    wrong.close();
    const right = openRegistry('registry-b', {
      url: ground.doubles.target.url,
      login: { username: 'ferry', password: 'right' },
    });
    expect(await right.subjects()).toEqual([]);
    right.close();
  });

  it('answers too late: Unreachable; a signal ends the wait with its own reason', async () => {
    ground = await openGround();
    ground.doubles.target.fault = () => 'silence';
    const hasty = openRegistry('registry-b', {
      url: ground.doubles.target.url,
      pausesMs: [],
      requestTimeoutMs: 50,
    });
    await expect(hasty.subjects()).rejects.toMatchObject({
      type: 'Unreachable',
      message: expect.stringMatching(/ETIMEDOUT/) as unknown,
    });
    hasty.close();
    await expect(ground.target.until(AbortSignal.timeout(50)).subjects()).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });
});

describe('import mode that is none', () => {
  it('echoed, and another id given: caught at the first version, which is taken back', async () => {
    await withOrders({ target: { importMode: 'echoed' } });
    await ground.source.register('orders-key', avro('Key'));
    await ground.target.register('others', avro('Other'));
    const copied = await ground.copy(['orders-key']);
    expect(copied).toMatchObject({ complete: false, registered: 0 });
    expect(copied.findings).toEqual([
      expect.objectContaining({ weight: 'notes', key: 'schema-next-id' }),
      {
        weight: 'blocks',
        key: 'schema-ids-not-kept',
        sentence: expect.stringMatching(
          /^registry-b cannot keep the ids of the source, because it was asked to keep id 3 and gave 2, although it says it imports, and it is not empty \(others\)/,
        ) as unknown,
      },
    ]);
    expect(await ground.target.subjects({ deleted: true })).toEqual(['others']);
  });

  it.each<[DoubleOptions, RegExp]>([
    [{ importMode: 'none' }, /no import mode/],
    [{ importMode: 'read' }, /no import mode/],
    [{ mutableModes: false }, /forbids changes of mode/],
  ])('%j is told, and gives no id away', async (target, why) => {
    await withOrders({ target });
    await ground.source.register('orders-key', avro('Key'));
    await ground.target.register('others', avro('Other'));
    const { findings } = await ground.copy(['orders-key']);
    expect(findings.find(({ key }) => key === 'schema-ids-not-kept')?.sentence).toMatch(why);
    expect(await ground.target.register('second', avro('Second'))).toBe(2);
  });

  it('a counting registry that has given ids before takes back what got a wrong one', async () => {
    await withOrders({ target: { importMode: 'none' } });
    await ground.target.register('gone', avro('Gone'));
    await ground.target.deleteSubject('gone');
    await ground.target.deleteSubject('gone', { permanent: true });
    expect(keys(await ground.copy(['orders-value']))).toEqual(['schema-id-taken:1']);
    // Others do not show it any more, and do not give it again.
    ground.doubles.target.fault = (request) =>
      request === 'GET /schemas/ids/1'
        ? { status: 404, body: '{"error_code":40403}', contentType: 'application/json' }
        : undefined;
    await expect(ground.copy(['orders-value'])).rejects.toMatchObject({
      type: 'Conflict',
      message: expect.stringMatching(
        /gave id 2 to orders-value version 1, which has id 1 on the source; it was taken back/,
      ) as unknown,
    });
    expect(await ground.target.subjects({ deleted: true })).toEqual([]);
  });
});

describe('conflicts, all in one report and before anything is written', () => {
  it('ids taken, other versions, other schemas, a mode', async () => {
    await withOrders();
    await ground.source.register('orders-key', avro('Key'));
    await ground.target.register('orders-value', avro('Other'));
    await ground.target.setCompatibility('orders-value', 'NONE');
    await ground.target.register('orders-value', avro('Two'));
    await ground.target.register('orders-value', avro('Three'));
    const copied = await ground.copy(['orders-value', 'orders-key']);
    expect(copied.complete).toBe(false);
    expect(keys(copied).sort()).toEqual([
      'schema-id-taken:3',
      'schema-on-target:orders-value version 3',
      'schema-version-differs:orders-value version 1',
      'schema-version-differs:orders-value version 2',
    ]);
    expect(
      ground.doubles.target.log.filter((line) => /^(PUT|POST|DELETE) .*(mode|orders-key)/.test(line)),
    ).toEqual([]);
  });

  it('the same schema under another id', async () => {
    await withOrders();
    await ground.target.register('first', avro('First'));
    await ground.target.register('orders-value', order());
    expect(keys(await ground.copy(['orders-value']))).toContain('schema-id-differs:orders-value version 1');
  });

  it('asks about a version of somebody else, and goes on when it is accepted', async () => {
    await withOrders();
    await ground.copy(['orders-value']);
    await ground.target.register('orders-value', order('b', 'c'));
    const key = 'schema-on-target:orders-value version 3';
    expect(await ground.copy(['orders-value'])).toMatchObject({
      complete: false,
      findings: [{ weight: 'asks', key }],
    });
    await ground.source.register('orders-key', avro('Key'));
    expect(await ground.copy(['orders-value', 'orders-key'], { accepted: [key] })).toMatchObject({
      complete: true,
      registered: 1,
    });
  });

  it('subjects that are not there, or become one', async () => {
    await withOrders();
    await ground.source.register('copy-value', order());
    expect(keys(await ground.copy(['orders-value', 'nowhere']))).toEqual(['schema-subject-missing:nowhere']);
    expect(
      keys(await ground.copy(['orders-value', 'copy-value'], { rename: { 'copy-value': 'orders-value' } })),
    ).toEqual(['schema-subject-twice:orders-value']);
  });

  it('references in a loop', async () => {
    await withOrders();
    for (const [subject, other] of [['a', 'b'] as const, ['b', 'a'] as const])
      await ground.source.register(subject, avro(`First${subject}`, other));
    // No registry lets a loop be registered; one that has its schemas from elsewhere may hold it.
    const { source } = ground;
    const looped: Registry = {
      ...source,
      until: () => looped,
      version: async (subject, version) => {
        const there = await source.version(subject, version);
        const other = subject === 'a' ? 'b' : 'a';
        return there && { ...there, references: [{ name: other, subject: other, version: 1 }] };
      },
    };
    const { findings } = await ground.copy(['a', 'b'], { source: looped });
    expect(findings).toEqual([
      {
        weight: 'blocks',
        key: 'schema-reference-loop:a version 1',
        sentence: expect.stringMatching(/a version 1 → b version 1 → a version 1/) as unknown,
      },
    ]);
  });
});

describe('ids that are not kept', () => {
  it('are mapped, with references by the numbers of the target, and a second run finds the same', async () => {
    ground = await openGround({ target: { importMode: 'none' } });
    const { source, target } = ground;
    await target.register('taken', avro('Taken'));
    await source.register('common', proto('Old'));
    await source.register('common', proto('Common'));
    await source.deleteVersion('common', 1);
    await source.deleteVersion('common', 1, { permanent: true });
    await source.register(
      'orders-value',
      proto('Payment', [{ name: 'common', subject: 'common', version: 2, message: 'Common' }]),
    );
    const rename = { 'orders-value': 'orders2-value' };
    const copied = await ground.copy(['orders-value'], { ids: 'translate', rename });
    expect(copied).toMatchObject({ complete: true, way: 'appended', registered: 2 });
    expect([...copied.ids]).toEqual([
      [2, 2],
      [3, 3],
    ]);
    expect((await target.version('orders2-value', 1))?.references).toEqual([
      { name: 'common', subject: 'common', version: 1 },
    ]);
    const again = await ground.copy(['orders-value'], { ids: 'translate', rename });
    expect(again).toMatchObject({ complete: true, changed: false, ids: copied.ids });
  });

  it('histories that today’s level would refuse are copied, and the level is set at the end', async () => {
    await withOrders({ source: { compatibility: 'NONE' }, target: { compatibility: 'BACKWARD' } });
    await ground.source.register('orders-value', {
      ...order(),
      text: JSON.stringify({ type: 'record', name: 'Order', fields: [{ name: 'new', type: 'int' }] }),
    });
    expect(await ground.copy(['orders-value'], { ids: 'any' })).toMatchObject({
      complete: true,
      registered: 3,
    });
    expect(await ground.target.compatibility('orders-value')).toBe('NONE');
  });

  it('a level of a subject in which others have versions is theirs: refused, and nothing lifted', async () => {
    await withOrders({ source: { compatibility: 'NONE' }, target: { compatibility: 'BACKWARD' } });
    await ground.target.register('orders-value', {
      ...order(),
      text: JSON.stringify({ type: 'record', name: 'Order', fields: [{ name: 'a', type: 'int' }] }),
    });
    const accepted = ['schema-on-target:orders-value version 1'];
    await expect(ground.copy(['orders-value'], { ids: 'any', accepted })).rejects.toMatchObject({
      type: 'Refused',
      message: expect.stringMatching(/not compatible with the versions there/) as unknown,
    });
    expect(await ground.target.compatibility('orders-value')).toBeUndefined();
  });

  it('deleted versions stay behind where no records come along, unless others refer to them', async () => {
    await withOrders();
    await ground.source.deleteVersion('orders-value', 1);
    expect(await ground.copy(['orders-value'], { ids: 'any' })).toMatchObject({
      complete: true,
      registered: 1,
    });
    expect(await ground.target.versions('orders-value', { deleted: true })).toEqual([1]);
  });
});

describe('import mode is left', () => {
  it('when the registry fails in the middle, and the next attempt goes on where it was', async () => {
    await withOrders();
    for (let field = 0; field < 10; field++)
      await ground.source.register(`s${field}-value`, avro(`S${field}`));
    const subjects = ['orders-value', ...Array.from({ length: 10 }, (_, field) => `s${field}-value`)];
    let posts = 0;
    ground.doubles.target.fault = (request) =>
      /^POST .*-value\/versions/.test(request) && posts++ === 5 ? { status: 500, body: '' } : undefined;
    const notes: unknown[] = [];
    let entered = 0;
    const note = async (facts: unknown) => {
      notes.push(facts);
      entered = ground.doubles.target.log.filter((line) => /^PUT \/mode\/.*-value/.test(line)).length;
    };
    await expect(ground.copy(subjects, { attempt: { note } })).rejects.toMatchObject({ type: 'Unreachable' });
    // The note is there before the first mode is changed.
    expect(entered).toBe(0);
    expect(notes.at(-1)).toMatchObject({ importing: expect.arrayContaining(subjects) as unknown });
    const there = Object.keys(await holdings(ground.target)).length;
    expect(there).toBeGreaterThan(0);
    expect(there).toBeLessThan(12);
    for (const subject of subjects) expect(await ground.target.mode(subject)).not.toBe('IMPORT');
    ground.doubles.target.fault = undefined;
    expect(await ground.copy(subjects)).toMatchObject({ complete: true, registered: 12 - there });
    expect(await holdings(ground.target)).toEqual(await holdings(ground.source));
  });

  it('when it is cancelled, and by the attempt after one that was killed', async () => {
    await withOrders();
    const cancelled = new AbortController();
    ground.doubles.target.fault = (request) => {
      if (request === 'POST /subjects/orders-value/versions') cancelled.abort(new Error('cancelled'));
      return undefined;
    };
    await expect(ground.copy(['orders-value'], { attempt: { signal: cancelled.signal } })).rejects.toThrow(
      'cancelled',
    );
    expect(await ground.target.mode('orders-value')).toBe('READWRITE');
    ground.doubles.target.fault = undefined;
    await ground.target.setMode('orders-value', 'IMPORT', { force: true });
    await ground.target.setMode('no-longer-planned', 'IMPORT');
    await ground.copy(['orders-value'], {
      attempt: { noted: { importing: ['orders-value', 'no-longer-planned'] } },
    });
    expect(await ground.target.mode('orders-value')).toBe('READWRITE');
    expect(await ground.target.mode('no-longer-planned')).toBeUndefined();
  });

  it('also by PUT, where a mode cannot be taken away', async () => {
    await withOrders();
    ground.doubles.target.fault = (request) =>
      request.startsWith('DELETE /mode/')
        ? { status: 405, body: '{"error_code":405}', contentType: 'application/json' }
        : undefined;
    await ground.copy(['orders-value']);
    expect(await ground.target.mode('orders-value')).toBe('READWRITE');
  });
});
