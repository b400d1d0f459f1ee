import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { ConfigFolder } from './config-folder.js';

const folder = new ConfigFolder();
afterAll(() => folder.remove());

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const told = (yaml: string, text = '') => {
  writeFileSync(join(folder.path, 'mounted'), text);
  const { mistakes = [] } = folder.read(yaml);
  return mistakes.map(({ path, expected }) => `${path}: ${expected}`);
};

describe('whom people are told by, where it stands in a file', () => {
  it.each([
    ['nothing', ''],
    ['a line without anything', '\n'],
    ['a word', 'hunter2\n'],
    ['too few bytes', 'whsec_aHVudGVyMg==\n'],
  ])('has no secret of %s, and shows nothing of it', (_, text) => {
    const hook = '{ url: "https://board", secretFile: mounted }';
    const mistakes = told(`notify: { webhooks: { board: ${hook} } }\nreports: ${hook}`, text);
    expect(mistakes).toEqual(
      ['notify.webhooks.board', 'reports'].map(
        (path) => `${path}.secretFile: expected whsec_ and 24 to 64 bytes in base64 in the file`,
      ),
    );
  });

  it('has one of a secret that is one', () =>
    expect(
      told('notify: { webhooks: { b: { url: "https://b", secretFile: mounted } } }', `${secret}\n`),
    ).toEqual([]));

  it.each([
    ['', 'expected the address of an incoming webhook'],
    ['hunter2', 'expected the address of an incoming webhook'],
    ['https://me:hunter2@chat.example', 'expected no login in the address'],
  ])('has no address of a chat of %j', (text, says) => {
    const mistakes = told('notify: { chats: { room: { urlFile: mounted } } }', text);
    expect(mistakes).toEqual([expect.stringContaining(`notify.chats.room.urlFile: ${says}`)]);
    expect(mistakes.join()).not.toContain('hunter2');
  });
});

describe('where reports go', () => {
  it.each([
    ['https://me:hunter2@keeper.example/x', 'expected no login in the address'],
    ['ftp://keeper.example', 'expected the address of who takes reports'],
    ['https://', 'expected the address of who takes reports'],
  ])('is no address of %s', (address, says) => {
    const mistakes = told(`reports: "${address}"`);
    expect(mistakes).toEqual([expect.stringContaining(`reports: ${says}`)]);
    expect(mistakes.join()).not.toContain('hunter2');
  });

  it.each(['reports', '/var/lib/ferry/reports', 'https://keeper.example/ferry'])('is %s', (where) =>
    expect(told(`reports: "${where}"`)).toEqual([]),
  );
});
