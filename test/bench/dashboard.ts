// npm run bench -- dashboard [--seconds N]: the dashboard in a browser before 10,000 pods on 1,000 nodes that change all the time: how long the
// first list takes, what typing, scrolling and the heat map cost the page's main thread, how soon a change is seen, and the page's heap.
// The objects are written by this program into an API server alone, as controllers and agents would, so that nothing else takes the processor.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Tokens } from '@berth/client';
import { systemClock } from '@berth/telemetry';
import { build } from '../../tools/build.ts';
import type { DebianPackage } from '../../tools/cluster/debian.ts';
import { DashboardPage } from '../e2e/dashboard/dashboard-page.ts';
import { type ApiProcess, startApi } from './support/bench-servers.ts';
import { type MainThread, mainThreadDuring, pageHeap } from './support/main-thread.ts';
import { churn, makeObjects, makePod, type Wanted } from './support/many-pods.ts';
import { quantile, rounded } from './support/statistics.ts';

export const packages: DebianPackage[] = ['chromium'];

const changesPerSecond = 20;
const secondsDefault = 600;
const markers = 10;
const wheelPx = 600;
const wheels = 20;
const goals = { firstListMs: 2_000, longestMs: 100, visibleMs: 1_000, heapMegabytes: 200 };

export async function run(): Promise<object> {
  const { values } = parseArgs({
    args: process.argv.slice(3),
    options: {
      seconds: { type: 'string', default: `${secondsDefault}` },
      pods: { type: 'string', default: '10000' },
      nodes: { type: 'string', default: '1000' },
    },
  });
  const wanted = { pods: Number(values.pods), nodes: Number(values.nodes) };
  await build(['control-plane', 'dashboard']);
  const directory = await mkdtemp(join(tmpdir(), 'berth-bench-dashboard-'));
  let api: ApiProcess | undefined;
  let dashboard: DashboardPage | undefined;
  try {
    api = await startApi(directory, ['--store', 'sqlite', '--disable-admission-plugins', 'ServiceAccount']);
    console.error(`making ${wanted.pods} pods on ${wanted.nodes} nodes`);
    await makeObjects(api.client, wanted);
    const { host, port, tls } = api.endpoint;
    const tokens = Tokens.pinnedTo(`${tls?.ca}`, { client: api.client, clock: systemClock });
    dashboard = await DashboardPage.open({ server: `https://${host}:${port}` });
    await dashboard.login(await tokens.createAccessToken({ name: 'operator', groups: ['system:masters'] }));
    const result = await measured(dashboard, api, wanted, Number(values.seconds) * 1000);
    return { benchmark: 'dashboard', ...wanted, changesPerSecond, ...result, goals, consoleErrors: dashboard.consoleErrors };
  } finally {
    await dashboard?.close();
    await api?.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function measured(dashboard: DashboardPage, { client }: ApiProcess, wanted: Wanted, forMs: number): Promise<object> {
  const { page } = dashboard;
  const firstListMs = await firstList(dashboard, wanted.pods);
  const stop = new AbortController();
  const churned = churn(client, wanted, changesPerSecond, stop.signal);
  const startMs = performance.now();
  const pods: MainThread[] = [];
  const overview: MainThread[] = [];
  const heat: MainThread[] = [];
  const visibleMs: number[] = [];
  const heap: number[] = [];
  try {
    do {
      await dashboard.show('Pods');
      pods.push(await mainThreadDuring(page, () => typeAndScroll(dashboard)));
      for (let count = 0; count < markers; count++) visibleMs.push(await timeToSee(dashboard, client, wanted, visibleMs.length));
      await dashboard.openPath('overview');
      overview.push(await mainThreadDuring(page, () => scroll(dashboard)));
      await dashboard.openPath('nodes?tab=heat');
      heat.push(await mainThreadDuring(page, () => goAlongHeatMap(dashboard)));
      heap.push(await pageHeap(page));
    } while (performance.now() - startMs < forMs);
  } finally {
    stop.abort();
  }
  return {
    seconds: rounded((performance.now() - startMs) / 1000, 0),
    changes: await churned,
    firstListMs: rounded(firstListMs, 0),
    visibleMs: { median: rounded(quantile(visibleMs, 0.5), 0), max: rounded(Math.max(...visibleMs), 0) },
    mainThread: { pods: worst(pods), overview: worst(overview), heat: worst(heat) },
    heapMegabytes: rounded(Math.max(...heap)),
  };
}

function worst(rounds: MainThread[]): MainThread {
  const most = (of: (round: MainThread) => number) => rounded(Math.max(...rounds.map(of)), 1);
  const sum = (of: (round: MainThread) => number) => rounds.reduce((total, round) => total + of(round), 0);
  return {
    longestMs: most(({ longestMs }) => longestMs),
    longestCpuMs: most(({ longestCpuMs }) => longestCpuMs),
    over100CpuMs: sum(({ over100CpuMs }) => over100CpuMs),
    tasks: sum(({ tasks }) => tasks),
  };
}

/** From the click until rows are there, and all are counted. */
async function firstList(dashboard: DashboardPage, pods: number): Promise<number> {
  const { page } = dashboard;
  const startMs = performance.now();
  await dashboard.show('Pods');
  await page.getByRole('table', { name: 'Pods' }).locator('tbody tr').nth(1).waitFor();
  await page.locator('search output', { hasText: `${pods}` }).waitFor({ timeout: 120_000 });
  return performance.now() - startMs;
}

async function typeAndScroll(dashboard: DashboardPage): Promise<void> {
  const filter = dashboard.page.getByLabel('Filter by name');
  await filter.pressSequentially('web-42-6d4b', { delay: 80 });
  for (let count = 0; count < 'web-42-6d4b'.length; count++) await filter.press('Backspace', { delay: 40 });
  await scroll(dashboard);
}

async function scroll({ page }: DashboardPage): Promise<void> {
  await page.locator('main').hover({ position: { x: 200, y: 300 } });
  for (const direction of [1, -1])
    for (let count = 0; count < wheels; count++) {
      await page.mouse.wheel(0, direction * wheelPx);
      await page.evaluate('new Promise(requestAnimationFrame)');
    }
}

async function goAlongHeatMap({ page }: DashboardPage): Promise<void> {
  const first = page.getByRole('list', { name: 'Heat map of nodes' }).getByRole('link').first();
  await first.focus();
  for (let count = 0; count < wheels; count++) await page.keyboard.press(count % 4 === 3 ? 'ArrowDown' : 'ArrowRight');
  await page.getByLabel('Show').selectOption('memory');
  await page.getByLabel('Order').selectOption('requested');
}

/** From the server's answer to who made a pod until its row is in the document. */
async function timeToSee(dashboard: DashboardPage, client: ApiProcess['client'], wanted: Wanted, index: number): Promise<number> {
  const { page } = dashboard;
  const name = `marker-${index}`;
  await page.getByLabel('Filter by name').fill(name);
  const seen = page.evaluate(`new Promise((resolve) => {
    const look = () => [...document.querySelectorAll('td')].some((cell) => cell.textContent === '${name}') ? resolve(Date.now()) : requestAnimationFrame(look);
    look();
  })`) as Promise<number>;
  await makePod(client, name, index, wanted.nodes);
  const madeMs = Date.now();
  const delayMs = Math.max(0, (await seen) - madeMs);
  await page.getByLabel('Filter by name').fill('');
  return delayMs;
}
