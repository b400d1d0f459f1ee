import { expect, test } from '@jest/globals';
import { firstOf } from '../../src/kafka/link/first-of.js';
import { FerryError } from '../../src/migration/errors.js';

const never = new Promise<string>(() => undefined);
const unreachable = (address: string) => new FerryError('Unreachable', `${address} did not answer.`);

function among(attempts: Record<string, () => Promise<string>>, patience: (address: string) => number) {
  const tried: string[] = [];
  const answer = firstOf({
    candidates: Object.keys(attempts),
    attempt: (address) => {
      tried.push(address);
      return attempts[address]!();
    },
    patienceMs: patience,
  });
  return { tried, answer };
}

test('one that answers is asked alone', async () => {
  const { tried, answer } = among({ first: async () => 'first', second: async () => 'second' }, () => 60_000);
  await expect(answer).resolves.toBe('first');
  expect(tried).toEqual(['first']);
});

test('one that never answers costs its patience, and one that fails costs nothing', async () => {
  const { tried, answer } = among(
    {
      silent: () => never,
      gone: () => Promise.reject(unreachable('gone')),
      here: async () => 'here',
    },
    (address) => (address === 'silent' ? 1 : 60_000),
  );
  await expect(answer).resolves.toBe('here');
  expect(tried).toEqual(['silent', 'gone', 'here']);
});

test('one that is slow may still be the first', async () => {
  let speak = (_: string) => {};
  const slow = new Promise<string>((resolve) => (speak = resolve));
  const { answer } = among(
    {
      slow: () => slow,
      silent: () => {
        speak('slow');
        return never;
      },
    },
    () => 1,
  );
  await expect(answer).resolves.toBe('slow');
});

test('fails when all have, and at once with what no other could mend', async () => {
  const all = among(
    { a: () => Promise.reject(unreachable('a')), b: () => Promise.reject(unreachable('b')) },
    () => 1,
  );
  await expect(all.answer).rejects.toMatchObject({ errors: [unreachable('a'), unreachable('b')] });
  const refused = new FerryError('Unauthenticated', 'no');
  const { tried, answer } = among(
    { refusing: () => Promise.reject(refused), other: async () => 'other' },
    () => 60_000,
  );
  await expect(answer).rejects.toBe(refused);
  expect(tried).toEqual(['refusing']);
  await expect(among({}, () => 1).answer).rejects.toBeInstanceOf(AggregateError);
});
