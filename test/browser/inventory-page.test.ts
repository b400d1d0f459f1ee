import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chromium as playwright, type Browser, type Page } from 'playwright-core';
import { advise } from '../../src/advice/advise.js';
import { setsOf } from '../../src/advice/sets.js';
import type { Inventory } from '../../src/inventory/inventory.js';
import { inventoryPage } from '../../src/report/inventory-page.js';
import { acl, group, inventory, topic } from '../unit/inventories.js';
import { largeInventory } from '../unit/large-inventory.js';
import { chromium, flags } from './chromium.js';

const evil = '<script>document.title="taken"</script><img src=x onerror="document.title=\'taken\'">';

describe('the page about a cluster', () => {
  let browser: Browser;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ferry-report-'));
    browser = await playwright.launch({ executablePath: await chromium(), args: flags });
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  /** The page as a person opens it, what it asked the network for, and what went wrong in it. */
  async function open(of: Inventory, colorScheme: 'light' | 'dark' = 'light') {
    const file = join(folder, 'report.html');
    const advised = setsOf(of).map((set) => ({ set, advice: advise(set, {}) }));
    writeFileSync(file, inventoryPage(of, advised));
    const page = await browser.newPage({ viewport: { width: 1200, height: 900 }, colorScheme });
    const asked: string[] = [];
    const wrong: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    page.on('pageerror', ({ message }) => wrong.push(message));
    page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
    await page.goto(pathToFileURL(file).href);
    return { page, asked, wrong };
  }
  const shop = inventory({
    cluster: 'onprem',
    topics: [
      topic('orders', { bytes: { value: 3e9 }, rate: { value: 5 } }),
      topic('refunds', { bytes: { value: 1e6 } }),
      topic('alone'),
    ],
    groups: { value: [group('billing', ['orders', 'refunds']), group(evil, ['orders'])] },
    acls: { value: [acl('web', 'write', 'orders'), acl(evil, 'write', 'orders')] },
  });
  const shownSets = (page: Page) => page.locator('.set:visible').count();

  test('shows what there is, asks nobody for anything, and lets no name act', async () => {
    const { page, asked, wrong } = await open(shop);
    await page.getByRole('heading', { name: 'What is on onprem' }).waitFor();
    expect(await page.getByText('3.0 GB').first().isVisible()).toBe(true);
    expect(asked).toHaveLength(1);
    expect(wrong).toEqual([]);
    expect(await page.title()).toBe('What is on onprem');
    await page.close();
  });

  test('is found and unfolded by the keyboard alone', async () => {
    const { page } = await open(shop);
    expect(await shownSets(page)).toBe(2);
    await page.keyboard.press('/');
    await page.keyboard.type('refunds');
    await page.getByText('1 of 2 sets').waitFor();
    expect(await shownSets(page)).toBe(1);
    // One that is found alone is unfolded.
    expect(await page.getByRole('img', { name: /Graph of orders: 2 topics, 2 groups/ }).isVisible()).toBe(
      true,
    );
    await page.keyboard.press('Escape');
    await page.getByText(/^2 sets$/).waitFor();
    const summary = page.locator('.set > summary').last();
    await summary.focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('.set').last().getAttribute('open')).not.toBeNull();
    await page.close();
  });

  test('has names for a screen reader', async () => {
    const { page } = await open(shop);
    for (const name of ['What to know before a migration', 'Load', 'What moves together'])
      expect(await page.getByRole('region', { name }).count()).toBe(1);
    expect(await page.getByRole('searchbox', { name: 'Find a topic, group or principal' }).count()).toBe(1);
    expect(await page.getByRole('navigation', { name: 'Parts of this page' }).count()).toBe(1);
    const unnamed = await page.locator('svg:not([aria-label])').count();
    expect(unnamed).toBe(0);
    await page.close();
  });

  test.each(['light', 'dark'] as const)('can be read where it is %s', async (scheme) => {
    const { page } = await open(shop, scheme);
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
      return ['body', '.soft', 'a[href="#sets"]', 'th', 'figcaption'].map((selector) => {
        const text = light(getComputedStyle(document.querySelector(selector)).color);
        return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
      });
    })()`);
    // WCAG 2.2, 1.4.3.
    for (const ratio of ratios) expect(ratio).toBeGreaterThanOrEqual(4.5);
    await page.close();
  });

  test('unfolds everything for print, without what only a screen needs', async () => {
    const { page } = await open(shop);
    await page.emulateMedia({ media: 'print' });
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    expect(await page.locator('details:not([open])').count()).toBe(0);
    expect(await page.getByRole('searchbox').isVisible()).toBe(false);
    await page.evaluate("dispatchEvent(new Event('afterprint'))");
    expect(await page.locator('.set[open]').count()).toBe(0);
    await page.close();
  });

  test('of 1,000 topics answers a key in less than a tenth of a second', async () => {
    const { page } = await open(largeInventory(1_000, 1_000, 2_000));
    const search = page.getByRole('searchbox');
    await search.fill('team');
    // From the key to the next frame that is drawn, the median of several.
    const times = await page.evaluate<number[]>(`(async () => {
      const search = document.getElementById('search');
      const times = [];
      for (const text of ['t', 'to', 'topic-1', 'topic-12', 'group-12', '']) {
        const begun = performance.now();
        search.value = text;
        search.dispatchEvent(new Event('input'));
        await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
        times.push(performance.now() - begun);
      }
      return times.sort((a, b) => a - b);
    })()`);
    expect(times[3]).toBeLessThan(100);
    await page.close();
  });
});
