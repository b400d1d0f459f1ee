import { describe, expect, it } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import type { LogEntry } from '@temporalio/worker';
import { jsonLine, textLine } from '../../app/worker/log.js';

const entry = (meta: LogEntry['meta'], message = 'drain begins'): LogEntry => ({
  level: 'INFO',
  message,
  timestampNanos: 1_700_000_000_123_000_000n,
  meta,
});

describe('a log line of the worker', () => {
  it('begins with time, level and the workflow', () => {
    expect(textLine(entry({ workflowId: 'migrate/orders', attempt: 2 }))).toBe(
      '2023-11-14T22:13:20.123Z INFO [migrate/orders] drain begins attempt=2',
    );
  });

  it('is one line', () => {
    expect(textLine(entry({}, 'bundle\nwith a report'))).toBe('2023-11-14T22:13:20.123Z INFO bundle');
  });

  it('is JSON for a collector', () => {
    expect(JSON.parse(jsonLine(entry({ workflowId: 'migrate/orders' })))).toEqual({
      time: '2023-11-14T22:13:20.123Z',
      level: 'INFO',
      message: 'drain begins',
      workflowId: 'migrate/orders',
    });
  });

  it.each([textLine, jsonLine])('quotes no error but the ferry’s own, and no other field', (format) => {
    const foreign = format(entry({ error: new TypeError('password hunter2'), payload: 'hunter2' }));
    expect(foreign).not.toContain('hunter2');
    expect(foreign).toContain('TypeError');
    const own = format(
      entry({ error: ApplicationFailure.create({ type: 'NotFound', message: 'no topic orders' }) }),
    );
    expect(own).toContain('NotFound: no topic orders');
  });
});
