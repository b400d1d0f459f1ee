import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Account } from '../../src/account/account.js';
import { migrationsPage } from '../../src/report/migrations-page.js';
import { recordedAccount } from '../unit/accounts.js';
import { contrasts, evil, readable, WrittenPages } from './written-pages.js';

describe('the page about what happened', () => {
  let pages: WrittenPages;
  let account: Account;
  beforeAll(async () => {
    pages = await WrittenPages.launch();
    account = await recordedAccount('simpleMirroring-told');
  });
  afterAll(() => pages.close());

  const open = (accounts: Account[], scheme?: 'light' | 'dark') =>
    pages.open(migrationsPage(accounts, evil), scheme);

  test('asks nobody for anything, and lets no name act', async () => {
    const hostile = {
      ...account,
      said: account.said.map((one) => ({ ...one, by: evil, note: evil })),
      deletion: account.deletion && { ...account.deletion, recreated: [evil] },
      steps: account.steps.map((step) => ({ ...step, title: evil, says: evil })),
    };
    const { page, asked, wrong } = await open([hostile]);
    await page.getByRole('heading', { name: `What happened in ${account.name}` }).waitFor();
    await page.getByText(evil).first().waitFor();
    expect(asked).toHaveLength(1);
    expect(wrong).toEqual([]);
    expect(await page.title()).toBe(`What happened in ${account.name}`);
    await page.close();
  });

  test('draws when each step was, and has names for a screen reader', async () => {
    const { page } = await open([account]);
    const chart = page.getByRole('img', { name: 'Each step from when it began to when it ended' });
    const bars = page.locator('figure svg[aria-label] rect');
    expect((await chart.count()) + (await page.locator('figure svg[aria-label]').count())).toBeGreaterThan(0);
    expect(await bars.count()).toBeGreaterThan(8);
    const box = await bars.last().boundingBox();
    expect(box?.width).toBeGreaterThan(0);
    expect(await page.locator('svg:not([aria-label])').count()).toBe(0);
    for (const name of ['Step by step', 'Findings', 'What was deleted'])
      expect(await page.getByRole('region', { name }).count()).toBe(1);
    await page.close();
  });

  test('is unfolded by the keyboard, and wholly for print', async () => {
    const { page } = await open([account]);
    const step = page.locator('details.part > summary').first();
    await step.focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('details.part[open]').count()).toBe(1);
    await page.evaluate('dispatchEvent(new Event("beforeprint"))');
    expect(await page.locator('details:not([open])').count()).toBe(0);
    await page.evaluate('dispatchEvent(new Event("afterprint"))');
    expect(await page.locator('details.part[open]').count()).toBe(1);
    await page.close();
  });

  test('of several leads to each, and unfolds what is aimed at', async () => {
    const { page, wrong } = await open([account, await recordedAccount('simplestCase-told')]);
    expect(await page.getByRole('row').count()).toBeGreaterThan(2);
    await page.locator('nav a').nth(1).click();
    await page.locator('#m1[open]').waitFor();
    expect(wrong).toEqual([]);
    await page.close();
  });

  test.each(['light', 'dark'] as const)('can be read where it is %s', async (scheme) => {
    const { page } = await open([account], scheme);
    const ratios = await contrasts(page, ['body', '.soft', 'nav a', 'th', 'figcaption', 'summary']);
    for (const ratio of ratios) expect(ratio).toBeGreaterThanOrEqual(readable);
    await page.close();
  });
});
