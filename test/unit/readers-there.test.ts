import { describe, expect, it } from '@jest/globals';
import { settledGroups } from '../../activities/groups/settled.js';
import { readerFindings } from '../../activities/retire/readers-there.js';
import type { Cluster, GroupFacts, Row } from '../../src/kafka/cluster.js';
import { FerryError } from '../../src/migration/errors.js';

const member = (subscribed: string[]): GroupFacts['members'][number] => ({
  memberId: 'm',
  clientId: 'web',
  host: '/10.0.3.4',
  subscribed,
  assigned: [],
});
const facts = (state: GroupFacts['state'], ...members: GroupFacts['members'][number][]): GroupFacts => ({
  ...{ group: 'billing', state, protocol: 'classic', members },
});
const foundIn = (row: Row<GroupFacts>) =>
  readerFindings(
    { name: 'onprem' } as Cluster,
    new Map([['billing', row]]),
    ['billing'],
    new Set(['orders']),
  );
const found = (value: GroupFacts) => foundIn({ value });

describe('who reads a topic that is to be deleted', () => {
  it('is told apart from who may', () => {
    expect(found(facts('stable', member(['refunds'])))).toEqual([]);
    expect(found(facts('stable', member(['orders'])))).toMatchObject([
      {
        key: 'still-reading:billing',
        sentence: 'billing still reads onprem: web (/10.0.3.4). Stop it there first.',
      },
    ]);
    expect(found(facts('rebalancing', member([]), member([])))).toMatchObject([
      {
        weight: 'blocks',
        key: 'members-unknown:billing',
        sentence:
          'What billing reads on onprem cannot be told while it rebalances: web (/10.0.3.4) and web (/10.0.3.4). Once it is stable, retry; if it does not become so, stop it there.',
      },
    ]);
    expect(found(facts('stable', member([])))).toMatchObject([
      {
        weight: 'asks',
        key: 'members-unknown:billing',
        sentence:
          'What billing reads on onprem cannot be told, because its members do not say: web (/10.0.3.4). Stop it there and retry, or find out what it reads and accept that the topics are deleted.',
      },
    ]);
    expect(found(facts('rebalancing', member([]), member(['orders'])))).toMatchObject([
      { key: 'still-reading:billing' },
    ]);
  });

  it('is asked about where a group can never be read, and asked again where it can in a moment', () => {
    const refused = (type: 'Unsupported' | 'Unreachable') => ({ error: new FerryError(type, 'It is so.') });
    expect(foundIn(refused('Unsupported'))).toEqual([
      {
        weight: 'asks',
        key: 'members-unknown:billing',
        sentence:
          'Whether billing reads from onprem what is to be deleted cannot be told: It is so. Find out what its applications read, and accept that the topics are deleted.',
      },
    ]);
    expect(() => foundIn(refused('Unreachable'))).toThrow('It is so.');
  });

  it('is asked again while a group rebalances, and only then', async () => {
    const answers = [facts('rebalancing', member([])), facts('stable', member(['refunds']))];
    const asked: string[][] = [];
    const cluster: Pick<Cluster, 'describeGroups'> = {
      describeGroups: (groups) => {
        asked.push([...groups]);
        const stable = { value: { ...facts('stable', member([])), group: 'connect' } };
        return Promise.resolve(
          new Map(
            groups.map((group) =>
              group === 'billing' ? [group, { value: answers.shift() as GroupFacts }] : [group, stable],
            ),
          ),
        );
      },
    };
    const settled = await settledGroups(cluster, ['billing', 'connect']);
    expect(settled.get('billing')?.value?.members).toMatchObject([{ subscribed: ['refunds'] }]);
    expect(asked).toEqual([['billing', 'connect'], ['billing']]);
    answers.push(facts('rebalancing', member([])));
    expect((await settledGroups(cluster, ['billing'], { withinMs: 0 })).get('billing')?.value?.state).toBe(
      'rebalancing',
    );
  });
});
