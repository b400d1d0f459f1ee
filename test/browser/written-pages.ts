import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium as playwright, type Browser, type Page } from 'playwright-core';
import { chromium, flags } from './chromium.js';

/** A name that would take the page, were it anything but text in it. */
export const evil = '<script>document.title="taken"</script><img src=x onerror="document.title=\'taken\'">';

/** Pages that the ferry has written into a file, in a real browser. */
export class WrittenPages {
  private constructor(
    private readonly browser: Browser,
    private readonly folder: string,
  ) {}

  static async launch(): Promise<WrittenPages> {
    const browser = await playwright.launch({ executablePath: await chromium(), args: flags });
    return new WrittenPages(browser, mkdtempSync(join(tmpdir(), 'ferry-page-')));
  }

  async close(): Promise<void> {
    await this.browser.close();
    rmSync(this.folder, { recursive: true });
  }

  /** The page as a person opens it, what it asked the network for, and what went wrong in it. */
  async open(
    html: string,
    colorScheme: 'light' | 'dark' = 'light',
  ): Promise<{ page: Page; asked: string[]; wrong: string[] }> {
    const file = join(this.folder, 'page.html');
    writeFileSync(file, html);
    const page = await this.browser.newPage({ viewport: { width: 1200, height: 900 }, colorScheme });
    const asked: string[] = [];
    const wrong: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    page.on('pageerror', ({ message }) => wrong.push(message));
    page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
    await page.goto(pathToFileURL(file).href);
    return { page, asked, wrong };
  }
}

/** What a text needs to be read: WCAG 2.2, 1.4.3. */
export const readable = 4.5;

/** How much the text of the first of each stands out from the ground of the page, 1 to 21. */
export function contrasts(page: Page, selectors: readonly string[]): Promise<number[]> {
  // As text: this code knows no browser.
  return page.evaluate<number[]>(`(() => {
    const light = (color) => {
      const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map((part) => {
        const c = part / 255;
        return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = light(getComputedStyle(document.body).backgroundColor);
    return ${JSON.stringify(selectors)}.map((selector) => {
      const text = light(getComputedStyle(document.querySelector(selector)).color);
      return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
    });
  })()`);
}
