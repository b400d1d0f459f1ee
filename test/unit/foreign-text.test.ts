import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { asking } from '../../activities/kit/weights.js';
import { columns } from '../../app/cli/terminal.js';
import { FerryError } from '../../src/migration/errors.js';
import { layout, named, oneLine } from '../../src/migration/foreign-text.js';

/** Erases the line and forges another: what anybody who may commit can call a group. */
const forged = 'billing\u001b[2K\r\nOK: nothing blocks';
// eslint-disable-next-line no-control-regex
const acts = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

describe('what comes from a cluster', () => {
  it('is one line in a sentence, whatever it holds', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !acts.test(oneLine(text))));
    expect(oneLine(forged)).toBe('billing\\u001b[2K\\u000d\\u000aOK: nothing blocks');
  });

  it('acts on nobody in a finding, an error and a table', () => {
    expect(asking('group-not-in-file', `The group ${forged} reads it.`).sentence).not.toMatch(acts);
    expect(new FerryError('Changed', `The group ${forged} is gone.`).message).not.toMatch(acts);
    expect(
      columns([
        ['group', 'lag'],
        [forged, '3'],
      ]).split('\n'),
    ).toHaveLength(2);
  });

  it('keeps the line breaks of the ferry, and words of every script', () => {
    expect(layout('Ends:\n  bestellungen-größe 注文\n')).toBe('Ends:\n  bestellungen-größe 注文\n');
    expect(layout('\u009b2K\u202e')).toBe('\\u009b2K\\u202e');
  });

  it('has its blanks seen, by quotes', () => {
    expect(named('billing')).toBe('billing');
    expect(named(' billing')).toBe('" billing"');
    expect(named('two words')).toBe('"two words"');
    expect(named('')).toBe('""');
    expect(named(forged)).toBe('"billing\\u001b[2K\\u000d\\u000aOK: nothing blocks"');
  });
});
