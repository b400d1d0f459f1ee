import { afterEach, describe, expect, it } from '@jest/globals';
import { copyWhole, gathered, leaveWhole, planWhole } from '../../activities/schemas/whole-registry.js';
import type { RegistryCopy } from '../../src/migration/registry-copy.js';
import { holdings, openGround, type Ground } from '../registry/ground.js';
import { protobuf } from '../registry/proto-files.js';
import { avro, proto } from '../registry/schemas.js';

let ground: Ground;
afterEach(() => ground.close());

const attempt = {
  noted: undefined,
  note: async () => undefined,
  says: () => undefined,
  signal: new AbortController().signal,
};
const input = (copy: Partial<RegistryCopy> = {}, accepted: string[] = []) => ({
  source: ground.source,
  target: ground.target,
  copy: { from: 'a', to: 'b', ...copy },
  accepted,
});
const copy = (of: Partial<RegistryCopy> = {}, accepted: string[] = []) =>
  copyWhole(input(of, accepted), attempt);
const standing = ({ findings }: { findings: readonly { weight: string; key: string }[] }) =>
  findings.filter(({ weight }) => weight !== 'notes').map(({ key }) => key);

describe('a whole registry', () => {
  it('is copied with its ids, each of which is looked for on the target before anything is written', async () => {
    ground = await openGround();
    const ids = [
      await ground.source.register('orders-value', avro('Order')),
      await ground.source.register('common.proto', proto('Common')),
      await ground.source.register('käse/blau 50%', avro('Cheese')),
      await ground.source.register('orders-value', avro('Order', 'a')),
    ];
    await ground.source.deleteVersion('orders-value', 1);
    await ground.source.setCompatibility('orders-value', 'FULL');
    expect(await planWhole(input())).toMatchObject({ versions: 4, register: 4, subjects: 3, softDelete: 1 });
    expect(ground.doubles.target.log.filter((line) => !line.startsWith('GET '))).toEqual([]);
    const copied = await copy();
    expect(copied).toMatchObject({
      sentence:
        '4 schema versions registered on registry-b with their ids, in import mode. 1 version deleted there as on the source.',
      data: { way: 'import', registered: 4, deleted: 1, versions: 4, subjects: 3 },
    });
    expect(await holdings(ground.target)).toEqual(await holdings(ground.source));
    expect(await ground.target.compatibility('orders-value')).toBe('FULL');
    const { log } = ground.doubles.target;
    const first = log.findIndex((line) => line.startsWith('POST '));
    for (const id of ids) expect(log.slice(0, first)).toContain(`GET /schemas/ids/${id}`);
    expect((await copy()).sentence).toBe(
      'No schema version had to be registered on registry-b. 4 versions there already, compared.',
    );
  });

  it('an id that a registry without subjects has bound is found before anything is written', async () => {
    ground = await openGround();
    for (let made = 1; made <= 60; made++) await ground.source.register(`s${made}`, avro(`S${made}`));
    // Bound for ever on the target, by what is gone there for good: the last of those that are not among the few looked at.
    for (let made = 1; made <= 59; made++) await ground.target.register('gone', avro(`S${made}`, 'other'));
    await ground.target.deleteSubject('gone');
    await ground.target.deleteSubject('gone', { permanent: true });
    ground.doubles.target.log.length = 0;
    const copied = await copy();
    expect(copied.findings[0]?.sentence).toMatch(/^Id 1 .*\(And 58 more of the same kind/);
    expect(standing(copied)).toEqual([expect.stringMatching(/^schema-id-taken:all-59-/)]);
    expect(ground.doubles.target.log.filter((line) => !line.startsWith('GET '))).toEqual([]);
  });

  it.each([
    ['orders-*', ['orders-key', 'orders-value']],
    ['*-value', ['orders-value', 'x.y-value']],
    ['x.y-value', ['x.y-value']],
    ['*a*(b)*', ['a+(b)']],
    ['nothing', []],
  ])('of the name %s', async (subjects, wanted) => {
    ground = await openGround();
    for (const subject of ['orders-key', 'orders-value', 'x.y-value', 'xzy-value2', 'a+(b)'])
      await ground.source.register(subject, avro('A'));
    const copied = await copy({ subjects });
    if (wanted.length === 0) expect(standing(copied)).toEqual(['schema-none']);
    expect((await ground.target.subjects()).sort()).toEqual(wanted);
  });

  it('is not believed to be empty while it reads its log', async () => {
    ground = await openGround();
    await ground.source.register('a', avro('A'));
    ground.doubles.source.rules.restart();
    await expect(copy()).rejects.toMatchObject({ type: 'Unreachable' });
    ground.doubles.source.rules.replayed();
    expect(await copy()).toMatchObject({ data: { registered: 1 } });
  });

  it('what a rule says of very many is asked once, and accepted for just these', async () => {
    ground = await openGround({ source: { writesAnew: false } });
    const without = (number: number) =>
      protobuf(`syntax = "proto3"; enum E${number} { reserved 4; Z${number} = 0; }`);
    for (let made = 1; made <= 51; made++) await ground.source.register(`s${made}`, without(made));
    const [asked, ...more] = standing(await copy());
    expect([asked, more]).toEqual([expect.stringMatching(/^schema-rewritten:all-51-/), []]);
    expect(standing(await copy({}, [asked!]))).toEqual([]);
    await ground.source.register('s52', without(52));
    expect(standing(await copy({}, [asked!]))).toHaveLength(1);
  });

  it('is taken out of import mode, with levels put back, by whoever goes on after a killed worker', async () => {
    ground = await openGround();
    await ground.source.register('a', avro('A'));
    await ground.source.register('b', avro('B'));
    await ground.target.setMode('a', 'IMPORT');
    await ground.target.register('b', avro('B'));
    await ground.target.setCompatibility('b', 'NONE');
    expect(await leaveWhole(input(), attempt)).toEqual({
      sentence: 'a on registry-b taken out of import mode. The compatibility of b is as on the source again.',
    });
    expect(await ground.target.compatibility('b')).toBe('BACKWARD');
    expect(await leaveWhole(input(), attempt)).toEqual({
      sentence: 'Nothing on registry-b is in import mode.',
    });
  });
});

describe('contexts', () => {
  const legacy = () => ground.source.inContext('.legacy');

  /** The same id in both, for two schemas. */
  async function twoContexts(target: { contexts: boolean }) {
    ground = await openGround({ source: { contexts: true }, target });
    await ground.source.register('orders-value', avro('Order'));
    await legacy().register('orders-value', avro('Old'));
    await legacy().register('orders-value', avro('Old', 'a'));
    await legacy().setCompatibility('orders-value', 'FULL');
  }

  it('are copied one by one, each with its own ids, where the target has them', async () => {
    await twoContexts({ contexts: true });
    expect(await copy()).toMatchObject({ data: { registered: 3, subjects: 2 } });
    expect(await ground.target.contexts()).toEqual(['.legacy']);
    const there = ground.target.inContext('.legacy');
    expect(await there.version('orders-value', 1)).toMatchObject({
      id: 1,
      text: expect.stringMatching(/Old/),
    });
    expect(await there.byId(1)).toMatchObject({ text: expect.stringMatching(/Old/) });
    expect(await ground.target.byId(1)).toMatchObject({ text: expect.stringMatching(/Order/) });
    expect(await there.compatibility('orders-value')).toBe('FULL');
    expect(await there.mode('orders-value')).toBe('READWRITE');
    expect((await ground.target.subjects()).sort()).toEqual([':.legacy:orders-value', 'orders-value']);
    expect(await copy()).toMatchObject({ data: { way: 'none', versions: 3 } });
    expect((await leaveWhole(input(), attempt)).sentence).toBe('Nothing on registry-b is in import mode.');
  });

  it('are named where the target has none, and the usual one is copied once that is accepted', async () => {
    await twoContexts({ contexts: false });
    const asked = await copy();
    expect(standing(asked)).toEqual(['schema-context:.legacy']);
    expect(await ground.target.subjects()).toEqual([]);
    expect(await copy({}, standing(asked))).toMatchObject({ data: { registered: 1 } });
    expect(await ground.target.subjects()).toEqual(['orders-value']);
  });

  it('are not made of plain names', async () => {
    ground = await openGround({ target: { contexts: true } });
    await ground.source.register(':.a:b', avro('A'));
    expect(standing(await copy())).toEqual(['schema-context-taken']);
  });
});

it('few findings are told one by one', () => {
  const findings = Array.from({ length: 50 }, (_, at) => ({
    weight: 'asks' as const,
    key: `schema-stays:${at}`,
    sentence: '',
  }));
  expect(gathered(findings)).toEqual(findings);
});
