import { describe, expect, it } from '@jest/globals';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ServerFailure,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { Finding } from '../../src/migration/findings.js';
import { canBeAccepted, failureOf, isLost } from '../../workflows/steps/failure.js';
import { Blocked, Interrupted } from '../../workflows/steps/turns.js';

const activity = (cause?: Error) =>
  new ActivityFailure('failed', 'watchDrain', '1', 'MAXIMUM_ATTEMPTS_REACHED', undefined, cause);
const asks: Finding = { weight: 'asks', key: 'acls:orders', sentence: 'ACLs of orders are not seen.' };
const blocks: Finding = { weight: 'blocks', key: 'groups', sentence: 'Nobody reads orders.' };

describe('what a person is told of an activity that failed', () => {
  it('is what it says itself, with what may be accepted', () => {
    const failure = failureOf(
      activity(ApplicationFailure.create({ message: 'Two ask.', type: 'Findings', details: [[asks]] })),
    );
    expect(failure).toEqual({ type: 'Findings', sentence: 'Two ask.', findings: [asks] });
  });

  it('tells apart that nobody finished it, that Temporal refused its answer, and that it was ended', () => {
    const nobody = {
      type: 'Unreachable',
      sentence: expect.stringContaining('No worker finished watchDrain'),
    };
    expect(failureOf(activity())).toMatchObject(nobody);
    expect(failureOf(activity(new TimeoutFailure('late', undefined, 'HEARTBEAT')))).toMatchObject(nobody);
    expect(failureOf(activity(new ServerFailure('too large', true)))).toMatchObject({
      type: 'Refused',
      sentence: expect.stringContaining('Temporal did not take what watchDrain answered'),
    });
    expect(failureOf(activity(new CancelledFailure('ended')))).toMatchObject({
      type: 'Unexpected',
      sentence: 'watchDrain was ended from outside before it had answered (CancelledFailure): retry.',
    });
  });

  it('is lost without an answer of its own, and only then', () => {
    expect(isLost(activity())).toBe(true);
    expect(isLost(activity(ApplicationFailure.create({ message: 'no' })))).toBe(false);
    expect(isLost(new Blocked('no'))).toBe(false);
  });
});

it('what is no failure of the work is nobody’s to decide', () => {
  expect(failureOf(new Interrupted())).toBeUndefined();
  expect(failureOf(new TypeError('a defect'))).toBeUndefined();
});

it('nothing can be accepted where nothing asks', () => {
  const of = (findings: Finding[]) => canBeAccepted(failureOf(new Blocked('It blocks.', findings))!);
  expect(of([])).toBe(false);
  expect(of([blocks])).toBe(false);
  expect(of([blocks, asks])).toBe(true);
});
