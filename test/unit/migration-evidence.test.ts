import { describe, expect, test } from '@jest/globals';
import { addEvidence, summary } from '../../src/migration/evidence.js';
import { bytesOf } from '../../src/migration/size.js';
import type { Step } from '../../src/migration/state.js';

const step = (id: Step['id']): Step => ({ id, title: '', status: 'active', evidence: [] });
const numbers = (length: number) => Array.from({ length }, (_, at) => at);

describe('evidence', () => {
  test('is the latest of what a step has seen, and says how much came before', () => {
    const drain = step('drain');
    for (const at of numbers(30)) addEvidence(drain, { at: '', sentence: `${at}` });
    expect(drain.evidence.map(({ sentence }) => sentence)).toEqual(numbers(30).slice(18).map(String));
    expect(drain.leftOut).toBe(18);
  });

  test('holds the first items of what is long, and says how many it left out, however often it is summed up', () => {
    const table = Object.fromEntries(numbers(25).map((at) => [`t${at}`, at]));
    const once = summary({ many: numbers(1_000), table, few: ['a', { b: [1] }], text: 'x'.repeat(5_000) });
    expect(once).toEqual({
      many: [...numbers(20), { leftOut: 980 }],
      table: { ...Object.fromEntries(numbers(20).map((at) => [`t${at}`, at])), leftOut: 5 },
      few: ['a', { b: [1] }],
      text: `${'x'.repeat(1_999)}…`,
    });
    expect(summary(once)).toEqual(once);
  });

  test('of a deletion is whole, the latest of it', () => {
    const approved = step('deletionApproved');
    const manifest = numbers(1_000).map((at) => ({ topic: `t${at}` }));
    addEvidence(approved, { at: '1', sentence: '', data: { manifest } });
    expect(approved.evidence[0]?.data).toEqual({ manifest });
    addEvidence(approved, { at: '2', sentence: '', data: { manifest } });
    expect(approved.evidence[0]?.data).toEqual({ manifest: [...manifest.slice(0, 20), { leftOut: 980 }] });
    expect(approved.evidence[1]?.data).toEqual({ manifest });
  });
});

test('bytes are counted as they are stored', () => {
  for (const text of ['', 'orders', 'ü€', '😀', 'a"\\\n'])
    expect(bytesOf({ text })).toBe(Buffer.byteLength(JSON.stringify({ text })));
});
