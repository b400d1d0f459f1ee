import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Progress } from '../../app/cli/progress.js';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test('what has only begun is told without a time', () => {
  const said: string[] = [];
  const progress = new Progress({ complain: (sentence) => said.push(sentence) });
  jest.advanceTimersByTime(2_900);
  progress.begins('reads the history of both clusters');
  jest.advanceTimersByTime(100);
  progress.end();
  expect(said).toEqual(['… reads the history of both clusters']);
});

test('a verb that takes long says what it is at, and nothing once that is done', () => {
  const said: string[] = [];
  const progress = new Progress({ complain: (sentence) => said.push(sentence) });
  const quick = progress.begins('reads the topics of both clusters');
  jest.advanceTimersByTime(2_000);
  quick();
  const slow = progress.begins('reads the groups of source');
  jest.advanceTimersByTime(1_000);
  expect(said).toEqual(['… reads the groups of source, for 1s so far']);
  jest.advanceTimersByTime(10_000);
  expect(said.at(-1)).toBe('… reads the groups of source, for 11s so far');
  slow();
  jest.advanceTimersByTime(60_000);
  progress.end();
  expect(said).toHaveLength(2);
  expect(jest.getTimerCount()).toBe(0);
});
