// The dashboard as an operator uses it, for end-to-end tests: a browser of its own, and words for what one does and sees.
// Everything waits for the page to show it; `consoleErrors` holds what the browser complained about.
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { BrowserNetwork } from './browser-network.ts';

export interface ShownProblem {
  kind: string;
  namespace: string;
  name: string;
  reason: string;
  message: string;
}

export interface DashboardOptions {
  /** e.g. `https://127.0.0.1:6443` */
  server: string;
  viewport?: { width: number; height: number };
  colorScheme?: 'dark' | 'light';
  executablePath?: string;
  /** Of this machine's loopback, that the browser is to reach as well. */
  furtherPorts?: number[];
}

const defaultTimeoutMs = 20_000;
export class DashboardPage {
  readonly page: Page;
  readonly consoleErrors: string[] = [];
  readonly #browser: Browser;
  readonly #network: BrowserNetwork;
  readonly #server: string;

  private constructor({ browser, network, server }: { browser: Browser; network: BrowserNetwork; server: string }, page: Page) {
    this.#browser = browser;
    this.#network = network;
    this.#server = server;
    this.page = page;
    page.setDefaultTimeout(defaultTimeoutMs);
    page.on('console', (message) => {
      if (message.type() === 'error') this.consoleErrors.push(`${message.text()} ${message.location().url}`);
    });
    page.on('pageerror', (error) => this.consoleErrors.push(error.message));
  }

  /** Must be closed, also when the test fails. */
  static async open(options: DashboardOptions): Promise<DashboardPage> {
    const {
      server,
      viewport = { width: 1280, height: 800 },
      colorScheme = 'dark',
      executablePath = '/usr/bin/chromium',
      furtherPorts = [],
    } = options;
    const network = await BrowserNetwork.create(executablePath, [Number(new URL(server).port), ...furtherPorts]);
    let browser: Browser | undefined;
    try {
      browser = await chromium.launch({ executablePath: network.executablePath, args: ['--no-sandbox'] });
      await network.ready;
      // The browser does not know the cluster's CA.
      const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport, colorScheme });
      const dashboard = new DashboardPage({ browser, network, server }, await context.newPage());
      await dashboard.page.goto(`${server}/ui/`);
      return dashboard;
    } catch (error) {
      await browser?.close();
      await network.close();
      throw error;
    }
  }

  /** A further window of the same browser, which has to log in as well; it is closed with the browser. */
  async another(): Promise<DashboardPage> {
    const page = await this.page.context().newPage();
    const other = new DashboardPage({ browser: this.#browser, network: this.#network, server: this.#server }, page);
    await page.goto(`${this.#server}/ui/`);
    return other;
  }

  /** As ALPN names it, e.g. `h2`. */
  protocol(): Promise<string> {
    return this.page.evaluate(`performance.getEntriesByType('navigation')[0].nextHopProtocol`);
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#network.close();
  }

  /** Resolves when logged in. @throws Error with what the page says when the token is refused */
  async login(token: string): Promise<void> {
    await this.page.getByLabel('Access token').fill(token);
    await this.page.getByRole('button', { name: 'Log in' }).click();
    const inside = this.page.getByRole('navigation', { name: 'Pages' });
    const refusal = this.page.getByRole('alert').filter({ hasText: /\S/ });
    await inside.or(refusal).waitFor();
    if (!(await inside.isVisible())) throw new Error(`not logged in: ${await refusal.textContent()}`);
  }

  async logout(): Promise<void> {
    await this.page.getByRole('button', { name: 'Log out' }).click();
    await this.page.getByLabel('Access token').waitFor();
  }

  /** @param name as in the navigation, e.g. `Pods` */
  async show(name: string): Promise<void> {
    await this.page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true }).click();
    await this.page.getByRole('navigation').locator('[aria-current=page]', { hasText: name }).waitFor();
  }

  /** What the overview says is wrong now, one entry a group of alike ones. */
  async problems(): Promise<ShownProblem[]> {
    await this.show('Overview');
    await this.page.getByRole('status').filter({ hasNotText: 'Loading' }).waitFor();
    return this.#problemItems().evaluateAll((items) =>
      items.map((item) => ({
        kind: item.getAttribute('data-kind') ?? '',
        namespace: item.getAttribute('data-namespace') ?? '',
        name: item.getAttribute('data-name') ?? '',
        reason: item.getAttribute('data-reason') ?? '',
        message: item.querySelector('p')?.textContent ?? '',
      })),
    );
  }

  /** Waits, without reloading, until such a problem is shown; resolves with its text. */
  async problemShown(reason: string, name = ''): Promise<string> {
    const found = this.#problemItems()
      .and(this.page.locator(`[data-reason="${reason}"][data-name*="${name}"]`))
      .first();
    await found.waitFor();
    return (await found.textContent()) ?? '';
  }

  /** A card of the overview. */
  problem({ kind, namespace, name }: Pick<ShownProblem, 'kind' | 'namespace' | 'name'>): Locator {
    const where = namespace === '' ? '' : `[data-namespace="${namespace}"]`;
    return this.#problemItems().and(this.page.locator(`[data-kind="${kind}"]${where}[data-name="${name}"]`));
  }

  /** Waits until the overview says so. */
  async nothingIsWrong(): Promise<void> {
    await this.page.getByText('Nothing is wrong').waitFor();
  }

  /** Follows a problem's link to its object. */
  async openProblem(reason: string): Promise<void> {
    await this.#problemItems()
      .and(this.page.locator(`[data-reason="${reason}"]`))
      .first()
      .getByRole('link')
      .first()
      .click();
    await this.page.locator('h1').waitFor();
  }

  /** A row's cells by its table's label, e.g. `row('Pods', 'web-1')`. */
  async row(table: string, text: string): Promise<string[]> {
    const row = this.page.getByRole('table', { name: table }).locator('tbody tr', { hasText: text }).first();
    await row.waitFor();
    return row.locator('td').allTextContents();
  }

  async openPod(namespace: string, name: string): Promise<void> {
    await this.page.goto(`${this.#server}/ui/#/pods/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`);
    await this.page.getByRole('heading', { level: 1, name }).waitFor();
  }

  /** Opens the pod's page and follows a container's log; resolves once `text` has appeared in it, with all that is shown. */
  async followLog(pod: { namespace: string; name: string; container?: string; isPrevious?: boolean }, text: string): Promise<string> {
    await this.openPod(pod.namespace, pod.name);
    const logs = this.page.getByRole('region', { name: 'Logs' });
    if (pod.container) await logs.getByLabel('Container').selectOption(pod.container);
    if (pod.isPrevious) await logs.getByLabel('previous').check();
    const log = logs.getByRole('log').filter({ hasText: text });
    await log.waitFor();
    return (await log.textContent()) ?? '';
  }

  /** @param path as behind `#`, e.g. `object/apps/Deployment/shop/web` */
  async openPath(path: string): Promise<void> {
    await this.page.goto(`${this.#server}/ui/#/${path}`);
    await this.page.locator('h1').first().waitFor();
  }

  /** Presses an action's button, waits for the server's dry run, confirms it; resolves with what it said would change once it is done. */
  async act(label: string, value?: string, within?: Locator): Promise<string> {
    const { page } = this;
    await (within ?? page).getByRole('button', { name: label, exact: true }).first().click();
    const dialog = page.getByRole('dialog');
    if (value !== undefined) await dialog.getByRole('textbox').fill(value);
    const change = await dialog.getByRole('region', { name: 'What it would change' }).textContent();
    await dialog.locator('button[type=submit]').click();
    await dialog.getByText('Done:').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
    return change ?? '';
  }

  /** Searches everything by the keyboard and goes to the first that is found; resolves with that page's heading. */
  async find(text: string, expected: string): Promise<string> {
    const { page } = this;
    await page.keyboard.press('Control+k');
    await page.getByLabel('Search everything').fill(text);
    const found = page.getByRole('listbox', { name: 'Found' }).getByRole('option', { selected: true });
    await found.filter({ hasText: expected }).waitFor();
    await page.keyboard.press('Enter');
    const heading = page.getByRole('heading', { level: 1 }).filter({ hasText: expected });
    await heading.waitFor();
    return (await heading.textContent()) ?? '';
  }

  /** Runs a command in the pod's container, in a terminal. */
  async openTerminal(pod: { namespace: string; name: string }, command: string): Promise<void> {
    const { page } = this;
    await this.openPath(`pods/${pod.namespace}/${pod.name}?tab=terminal`);
    const form = page.getByRole('form', { name: 'Terminal' });
    await form.getByLabel('Run').selectOption('typed');
    await form.getByRole('textbox', { name: 'Command' }).fill(command);
    await form.getByRole('button', { name: 'Open terminal' }).click();
  }

  /** Resolves once `shown` is on the screen of the terminal that is open. */
  async typeInTerminal(line: string, shown: string): Promise<void> {
    const { page } = this;
    const terminal = page.getByRole('region', { name: 'Terminal in' });
    await terminal.getByText('Connected', { exact: true }).waitFor();
    await terminal.getByRole('textbox', { name: 'Terminal in' }).focus();
    await page.keyboard.type(`${line}\n`);
    await terminal.locator('.xterm-rows').filter({ hasText: shown }).waitFor();
  }

  /** Adds a container for debugging to the pod whose terminals are shown, after the dry run, and waits for its terminal. */
  async debug({ image, command }: { image: string; command: string }): Promise<void> {
    const { page } = this;
    await page.getByText('Debug container:').click();
    const form = page.getByRole('form', { name: 'Debug container' });
    await form.getByLabel('Image').fill(image);
    await form.getByRole('textbox', { name: 'Command' }).fill(command);
    await form.getByRole('region', { name: 'What it would change' }).filter({ hasText: image }).waitFor();
    await form.getByRole('button', { name: 'Add it' }).click();
    await page.getByRole('region', { name: 'Terminal in debugger-' }).getByText('Connected', { exact: true }).waitFor();
  }

  async pauseLog(): Promise<void> {
    await this.page.getByRole('button', { name: 'Pause' }).click();
  }

  async resumeLog(): Promise<void> {
    await this.page.getByRole('button', { name: 'Follow' }).click();
  }

  /** `Live`, `Reconnecting…` and so on. */
  async freshnessShown(words: 'Live' | 'Reconnecting'): Promise<void> {
    await this.page.locator('.freshness', { hasText: words }).waitFor();
  }

  #problemItems() {
    return this.page.getByRole('list', { name: 'Problems' }).locator('> li');
  }
}
