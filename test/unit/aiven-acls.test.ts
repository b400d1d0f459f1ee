import { afterEach, describe, expect, test } from '@jest/globals';
import { addRights, removeEntries } from '../../src/provision/aiven/rights.js';
import { rightOf, type AivenEntry, type HeldEntry } from '../../src/provision/aiven/entries.js';
import { answering, held, ok, own, type Answered, type Call } from './aiven-answers.js';

let aiven: Awaited<ReturnType<typeof answering>> | undefined;
afterEach(async () => aiven?.close());

async function answer(by: (call: Call, number: number) => Answered) {
  aiven = await answering(by);
  return aiven;
}

describe('an ACL', () => {
  test('is never made twice: after a lost answer it is looked for first', async () => {
    const there: HeldEntry[] = [];
    const { service, calls } = await answer(({ what }, number) => {
      if (what.startsWith('GET')) return held(there);
      there.push({ ...own, id: `acl${number}` });
      return 'lost';
    });
    expect(await addRights(service, [rightOf(own)])).toEqual([{ value: undefined }]);
    expect(calls.filter(({ what }) => what.startsWith('POST'))).toHaveLength(1);
    expect(there).toHaveLength(1);
  });

  const native: AivenEntry = {
    ...{ kind: 'native', operation: 'Read', permission: 'ALLOW', principal: 'User:billing', host: '*' },
    ...{ resourceType: 'Topic', patternType: 'LITERAL', resourceName: 'orders' },
  };

  test('of Kafka’s own kind that was made although its answer was lost is there, even if no list shows it yet', async () => {
    let asked = 0;
    const { service } = await answer(({ what }) => {
      if (what.startsWith('GET')) return held([]);
      asked += 1;
      return asked === 1 ? 'lost' : { status: 409, body: { message: 'SECRET' } };
    });
    expect(await addRights(service, [rightOf(native)])).toEqual([{ value: undefined }]);
    expect(asked).toBe(2);
  });

  test('of Kafka’s own kind that the service cannot have is refused, although that is 409 as well', async () => {
    const { service } = await answer(({ what }) =>
      what.startsWith('GET')
        ? held([])
        : { status: 409, body: { errors: [{ error_code: 'kafka_acl_not_supported' }] } },
    );
    const [row] = await addRights(service, [rightOf(native)]);
    expect(row?.error?.type).toBe('Unsupported');
    expect(row?.error?.message).toContain('say acls: aiven');
  });

  test('that was not made is asked for again', async () => {
    const there: HeldEntry[] = [];
    let asked = 0;
    const { service } = await answer(({ what }) => {
      if (what.startsWith('GET')) return held(there);
      asked += 1;
      if (asked === 1) return { status: 503 };
      there.push({ ...own, id: 'acl1' });
      return ok;
    });
    await addRights(service, [rightOf(own), rightOf(own)]);
    expect(there).toHaveLength(1);
  });

  test('that is there is left alone', async () => {
    const { service, calls } = await answer(() => held([{ ...own, id: 'acl1' }]));
    await addRights(service, [rightOf(own)]);
    expect(calls.map(({ what, query }) => what + query)).toEqual([
      'GET /project/p/service/s/kafka/acl?limit=999',
    ]);
  });

  test('that the limit of the service refuses is told by itself; the others are made', async () => {
    const { service } = await answer(({ what, body }) => {
      if (what.startsWith('GET')) return held([]);
      return (body as { topic: string }).topic === 'orders'
        ? { status: 400, body: { message: 'SECRET', errors: [{ error_code: 'service_acl_too_many' }] } }
        : ok;
    });
    const rows = await addRights(service, [rightOf(own), rightOf({ ...own, topic: 'bills' })]);
    expect(rows[0]?.error?.type).toBe('Refused');
    expect(rows[0]?.error?.message).toContain('as many ACLs as its plan allows');
    expect(rows[1]).toEqual({ value: undefined });
  });

  test('that the limit of the plan refuses is refused by its kind and name, whichever kind it is', async () => {
    const { service, calls } = await answer(({ what }) =>
      what.startsWith('GET')
        ? held([])
        : { status: 400, body: { errors: [{ error_code: 'service_acl_too_many', message: 'SECRET' }] } },
    );
    const rows = await addRights(service, [rightOf(own), rightOf(native)]);
    expect(rows.map(({ error }) => `${error?.type}: ${error?.message}`)).toEqual([
      expect.stringContaining('Refused: Aiven refused the ACL read on orders for billing: '),
      expect.stringContaining('Refused: Aiven refused the ACL ALLOW Read on Topic orders for User:billing: '),
    ]);
    expect(JSON.stringify(rows)).not.toContain('SECRET');
    expect(calls.filter(({ what }) => what.startsWith('POST'))).toHaveLength(2);
  });

  test('for a schema registry is asked about there alone, and made once', async () => {
    const subject: AivenEntry = {
      kind: 'registry',
      permission: 'schema_registry_read',
      resource: 'Subject:orders-value',
      username: 'billing',
    };
    const there: object[] = [];
    const { service, calls } = await answer(({ what, body }) => {
      if (what === 'GET /project/p/service/s/kafka/acl') return held([]);
      if (what.startsWith('GET')) return { status: 200, body: { acl: there } };
      if (what.startsWith('DELETE')) return ok;
      there.push({ ...(body as object), id: 'sracl1' });
      return 'lost';
    });
    expect(await addRights(service, [rightOf(subject), rightOf(subject)])).toEqual([
      { value: undefined },
      { value: undefined },
    ]);
    expect(there).toHaveLength(1);
    expect(await removeEntries(service, [subject])).toBe(1);
    expect(calls.at(-1)?.what).toBe('DELETE /project/p/service/s/kafka/schema-registry/acl/sracl1');
  });

  test('is removed by its id, one of several that are alike', async () => {
    const { service, calls } = await answer(({ what }) =>
      what.startsWith('GET')
        ? held([
            { ...own, id: 'acl1' },
            { ...own, id: 'acl2' },
            { ...own, username: 'audit', id: 'acl3' },
          ])
        : ok,
    );
    expect(await removeEntries(service, [own])).toBe(1);
    expect(calls.at(-1)?.what).toBe('DELETE /project/p/service/s/acl/acl1');
  });
});
