import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { asFailure, safely } from '../../activities/kit/failure.js';
import { FerryError } from '../../src/migration/errors.js';

test('the type and the sentence of a ferry error survive; only what is transient is tried again', () => {
  const denied = asFailure(new FerryError('Unauthorized', 'Grant READ.'), 'drain');
  expect(denied).toMatchObject({ type: 'Unauthorized', message: 'Grant READ.', nonRetryable: true });
  const away = asFailure(new FerryError('Unreachable', 'Nobody answered.'), 'drain');
  expect(away).toMatchObject({ type: 'Unreachable', nonRetryable: false });
});

test('what a person may accept of a failure goes along with it', () => {
  const finding = { weight: 'asks' as const, key: 'schema-id-unknown:7', sentence: 'Nobody knows id 7.' };
  const failure = asFailure(new FerryError('Conflict', finding.sentence, { findings: [finding] }), 'mirror');
  expect(failure).toMatchObject({ type: 'Conflict', nonRetryable: true, details: [[finding]] });
});

test('nothing of any other error leaves the process', () => {
  const failure = asFailure(new Error('password=hunter2', { cause: new Error('hunter2') }), 'copyAcls');
  expect(failure).toMatchObject({ type: 'Unexpected', nonRetryable: true });
  expect(failure.message).toContain('copyAcls');
  expect(failure.cause).toBeUndefined();
  expect(JSON.stringify([failure, failure.message, failure.stack])).not.toContain('hunter2');
});

test('a cancelled activity is cancelled, whatever it failed with on the way', async () => {
  const environment = new MockActivityEnvironment();
  const { stop } = safely({
    stop: async () => {
      environment.cancel();
      throw new FerryError('Unreachable', 'The connection was closed under it.');
    },
  });
  await expect(environment.run(stop)).rejects.toBeInstanceOf(CancelledFailure);
});

test('an answer that is too large for Temporal is told as that, and very many findings as the first of them', async () => {
  const findings = Array.from({ length: 5_000 }, (_, at) => ({
    ...{ weight: 'notes' as const, key: `n:${at}` },
    sentence: `${at}${'x'.repeat(500)}`,
  }));
  const { plan, read } = safely({
    plan: async (_: { accepted: string[] }) => ({ findings, sentence: 'Planned.' }),
    read: async () => ({ text: '€'.repeat(650_000) }),
  });
  const environment = new MockActivityEnvironment();
  expect(await environment.run(plan, { accepted: [] })).toHaveProperty('findings.length', 301);
  await expect(environment.run(read)).rejects.toMatchObject({
    ...{ type: 'Refused', nonRetryable: true },
    message: expect.stringMatching(
      /^The answer of read would be 2\.0 MB, more than the 2 MB that Temporal takes: /,
    ),
  });
});

test('what several looks found for the same reason is told once, in answers and failures', async () => {
  const unread = (of: string) => ({
    ...{ weight: 'notes' as const, key: `unread:${of}` },
    sentence: 'The source does not tell.',
  });
  const asked = { weight: 'asks' as const, key: 'lost:orders', sentence: 'Records of orders are lost.' };
  const findings = [unread('orders'), asked, unread('payments')];
  const { plan, fail } = safely({
    plan: async (_: { accepted: string[] }) => ({ findings }),
    fail: () => Promise.reject(new FerryError('Conflict', asked.sentence, { findings })),
  });
  const environment = new MockActivityEnvironment();
  expect(await environment.run(plan, { accepted: [] })).toEqual({ findings: [unread('orders'), asked] });
  await expect(environment.run(fail)).rejects.toMatchObject({ details: [[unread('orders'), asked]] });
});

test('a failure of Temporal passes as it is', async () => {
  const failure = ApplicationFailure.create({ type: 'Changed', message: 'It is another topic.' });
  const { change } = safely({ change: () => Promise.reject(failure) });
  await expect(new MockActivityEnvironment().run(change)).rejects.toBe(failure);
});
