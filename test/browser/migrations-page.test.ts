import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chromium as playwright, type Browser } from 'playwright-core';
import type { Account } from '../../src/account/account.js';
import { migrationsPage } from '../../src/report/migrations-page.js';
import { recordedAccount } from '../unit/accounts.js';
import { chromium, flags } from './chromium.js';

const evil = '<script>document.title="taken"</script><img src=x onerror="document.title=\'taken\'">';

describe('the page about what happened', () => {
  let browser: Browser;
  let folder: string;
  let account: Account;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ferry-migrations-'));
    browser = await playwright.launch({ executablePath: await chromium(), args: flags });
    account = await recordedAccount('simpleMirroring-told');
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  /** The page as a person opens it, what it asked the network for, and what went wrong in it. */
  async function open(accounts: Account[], colorScheme: 'light' | 'dark' = 'light') {
    const file = join(folder, 'report.html');
    writeFileSync(file, migrationsPage(accounts, evil));
    const page = await browser.newPage({ viewport: { width: 1200, height: 900 }, colorScheme });
    const asked: string[] = [];
    const wrong: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    page.on('pageerror', ({ message }) => wrong.push(message));
    page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
    await page.goto(pathToFileURL(file).href);
    return { page, asked, wrong };
  }

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
    // As text: this code knows no browser.
    const ratios = await page.evaluate<number[]>(`(() => {
      const light = (color) => {
        const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map((part) => {
          const c = part / 255;
          return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const ground = light(getComputedStyle(document.body).backgroundColor);
      return ['body', '.soft', 'nav a', 'th', 'figcaption', 'summary'].map((selector) => {
        const text = light(getComputedStyle(document.querySelector(selector)).color);
        return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
      });
    })()`);
    // WCAG 2.2, 1.4.3.
    for (const ratio of ratios) expect(ratio).toBeGreaterThanOrEqual(4.5);
    await page.close();
  });
});
