import {
  chromium as playwright,
  type Browser,
  type FrameLocator,
  type Locator,
  type Page,
} from 'playwright-core';
import type { Lab } from '../../lab/lab.js';
import { eventually } from '../eventually.js';
import { chromium, flags } from './chromium.js';

/** A cold page of a busy machine takes its time; what never comes still fails. */
const patienceMs = 30_000;

export interface Message {
  name: string;
  /** Typed into the box as it is; the box stays empty without it. */
  json?: string;
}

/** Temporal's web UI in a real browser, used as a person uses it: by what can be read on the page. */
export class WebUi {
  private constructor(
    private readonly browser: Browser,
    private readonly page: Page,
    private readonly workflows: string,
  ) {}

  static async open({ temporal }: Lab): Promise<WebUi> {
    const browser = await playwright.launch({ executablePath: await chromium(), args: flags });
    const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
    page.setDefaultTimeout(patienceMs);
    return new WebUi(browser, page, `${temporal.ui}/namespaces/${temporal.namespace}/workflows`);
  }

  close(): Promise<void> {
    return this.browser.close();
  }

  /** Keeps what the page shows, in a file. */
  async picture(path: string): Promise<void> {
    await this.page.screenshot({ path });
  }

  /** Keeps what a page with this shows, which is one element, in a file. */
  async pictureOf(html: string, path: string): Promise<void> {
    const page = await this.browser.newPage({ viewport: { width: 1600, height: 1200 } });
    await page.setContent(html);
    await page.locator('body > *').screenshot({ path });
    await page.close();
  }

  /** Fills the form Start a Workflow and submits it; resolves when the page says that it has started. */
  async start(form: { id: string; taskQueue: string; type: string; json: string }): Promise<void> {
    await this.page.goto(`${this.workflows}/start-workflow`);
    await this.page.getByLabel('Workflow ID').fill(form.id);
    await this.page.getByLabel('Task Queue').fill(form.taskQueue);
    await this.page.getByLabel('Workflow Type').fill(form.type);
    await type(this.page.locator('.cm-content'), form.json);
    await this.page.getByRole('button', { name: 'Start Workflow' }).click();
    await this.page.getByText('Workflow started successfully').waitFor();
  }

  /** Opens a list by its path, as a link that somebody has saved, and answers the ids of the workflows on it. */
  async list(path: string): Promise<string[]> {
    await this.page.goto(new URL(path, this.workflows).href);
    await this.page
      .getByRole('heading', { name: /Workflows?$/ })
      .first()
      .waitFor();
    const links = await this.text().locator('tbody a[href*="/workflows/"]').all();
    const ids = await Promise.all(links.map((link) => link.innerText()));
    return [...new Set(ids.filter((id) => id.includes('/')))].sort();
  }

  /** Opens the newest run of a workflow. */
  async show(id: string): Promise<void> {
    await this.page.goto(`${this.workflows}/${encodeURIComponent(id)}`);
    await this.page.getByRole('heading', { name: id }).waitFor();
  }

  /** Tells this browser where payloads are read, as a person does by the glasses at the top. */
  async useCodecServer(url: string): Promise<void> {
    await this.page.goto(this.workflows);
    await this.page.getByRole('button', { name: 'Codec Server' }).first().click();
    await this.page.getByTestId('data-encoder-endpoint-input').fill(url);
    await this.page.getByTestId('confirm-data-encoder-button').click();
  }

  async tab(name: string): Promise<void> {
    await this.page.getByRole('tab', { name }).click();
  }

  /** The text of the tab that is open. */
  text(): Locator {
    return this.page.locator('main');
  }

  /**
   * Resolves when a pending activity is shown to say this. Temporal passes heartbeats on every 12 s, and the page does
   * not ask again by itself, so it is loaded anew until it shows.
   */
  async activitySays(says: RegExp): Promise<void> {
    const shown = this.text().getByText(says).first();
    await eventually(
      async () => {
        await this.page.reload();
        await this.tab('Pending Activities');
        return shown.waitFor({ timeout: 5_000 }).then(
          () => true,
          () => false,
        );
      },
      (is) => is,
    );
  }

  /**
   * The text of Current Details, as soon as it shows this. The page asks for it when the tab User Metadata is opened
   * and when somebody presses R.
   */
  async details(shows: RegExp): Promise<string> {
    await this.tab('User Metadata');
    await this.page.getByText('Current Details').waitFor();
    return eventually(
      async () => {
        await this.page.keyboard.press('r');
        return this.frame().locator('main').innerText();
      },
      (text) => shows.test(text),
    );
  }

  /** What Current Details, open now, ask to be sent: name and JSON as they stand there. */
  async asked(): Promise<Required<Message>[]> {
    const items = await this.frame().getByRole('listitem').all();
    const codes = await Promise.all(items.map((item) => item.locator('code').allInnerTexts()));
    return codes.flatMap(([name, json]) => (name && json ? [{ name, json }] : []));
  }

  /** The table of steps in Current Details, open now: the text of each cell. */
  async steps(): Promise<string[][]> {
    const rows = await this.frame().locator('tbody tr').all();
    return Promise.all(rows.map((row) => row.locator('td').allInnerTexts()));
  }

  /** Where the links in Current Details, open now, lead, by their text. */
  async links(): Promise<Map<string, string>> {
    const links = await this.frame().getByRole('link').all();
    return new Map(
      await Promise.all(
        links.map(async (link) => [await link.innerText(), (await link.getAttribute('href')) ?? ''] as const),
      ),
    );
  }

  /** Opens a page of the web UI by its address. */
  async open(href: string): Promise<void> {
    await this.page.goto(new URL(href, this.workflows).href);
  }

  /** Whether the frame of Current Details, open now, is high enough for the last row of the table. */
  async lastRowIsWhole(): Promise<boolean> {
    const [row, frame] = await Promise.all([
      this.frame().locator('tbody tr').last().boundingBox(),
      this.page.locator('iframe').last().boundingBox(),
    ]);
    return row !== null && frame !== null && row.y + row.height <= frame.y + frame.height;
  }

  /** Sends a signal and resolves when the dialog has closed. */
  async signal(message: Message): Promise<void> {
    await this.fill('Send a Signal', message);
    await this.submit();
    await this.dialog().waitFor({ state: 'hidden' });
  }

  /** Sends a signal by a name that the page does not offer. */
  async signalByOtherName({ name, json }: Message): Promise<void> {
    await this.action('Send a Signal');
    await this.choose(/^Custom/);
    await this.dialog().getByLabel('Signal name').fill(name);
    if (json !== undefined) await type(this.dialog().locator('.cm-content'), json);
    await this.submit();
    await this.dialog().waitFor({ state: 'hidden' });
  }

  /** Sends an update that is accepted. */
  async update(message: Message): Promise<void> {
    await this.fill('Send an Update', message);
    await this.submit();
    await this.dialog().waitFor({ state: 'hidden' });
  }

  /** Sends an update that is refused, and answers what the dialog says. */
  async refusedUpdate(message: Message): Promise<string> {
    await this.fill('Send an Update', message);
    await this.submit();
    const refusal = await this.dialog().getByRole('alert').innerText();
    await this.dialog().getByRole('button', { name: 'Cancel' }).first().click();
    return refusal;
  }

  /** What the dialog of signals or updates offers: each name with its description. */
  async offered(dialog: 'Send a Signal' | 'Send an Update'): Promise<string[]> {
    await this.action(dialog);
    await this.dialog()
      .getByRole('button', { name: /^Select/ })
      .click();
    await this.page.getByRole('option').first().waitFor();
    const texts = await this.page.getByRole('option').allInnerTexts();
    await this.page.keyboard.press('Escape');
    await this.dialog().waitFor({ state: 'hidden' });
    return texts;
  }

  private async fill(action: 'Send a Signal' | 'Send an Update', { name, json }: Message): Promise<void> {
    await this.action(action);
    await this.choose(new RegExp(`^${name} `));
    if (json !== undefined) await type(this.dialog().locator('.cm-content'), json);
  }

  private async action(name: string): Promise<void> {
    await this.page.getByRole('button', { name: 'More Actions' }).click();
    await this.page.getByRole('menuitem', { name }).click();
  }

  private async choose(option: RegExp): Promise<void> {
    await this.dialog()
      .getByRole('button', { name: /^Select/ })
      .click();
    await this.page.getByRole('option', { name: option }).click();
  }

  private submit(): Promise<void> {
    return this.dialog().getByRole('button', { name: 'Submit' }).click();
  }

  /** Of Current Details: the summary of a workflow that has one stands in a frame before it. */
  private frame(): FrameLocator {
    return this.page.frameLocator('iframe').last();
  }

  private dialog(): Locator {
    return this.page.getByRole('dialog');
  }
}

/** The editor sets JSON out when it is left, which moves the buttons below it: a click meant for one would miss. */
async function type(editor: Locator, json: string): Promise<void> {
  await editor.fill(json);
  await editor.blur();
}
