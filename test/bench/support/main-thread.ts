// What a page's main thread did while something was done to it: its longest tasks, by the clock and in processor time, of which only the
// second does not depend on what else the machine does.
import type { CDPSession, Page } from 'playwright-core';

export interface MainThread {
  longestMs: number;
  longestCpuMs: number;
  /** Tasks of more than 100 ms of processor time. */
  over100CpuMs: number;
  tasks: number;
}

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  dur?: number;
  tdur?: number;
  args?: { name?: string };
}

export async function mainThreadDuring(page: Page, work: () => Promise<void>): Promise<MainThread> {
  const browser = page.context().browser();
  if (!browser) throw new Error('the page has no browser');
  const session = await browser.newBrowserCDPSession();
  try {
    await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: ['toplevel', '__metadata'] } });
    await work();
    return judged(await traced(session));
  } finally {
    await session.detach();
  }
}

async function traced(session: CDPSession): Promise<TraceEvent[]> {
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  const complete = new Promise<void>((resolve) => session.once('Tracing.tracingComplete', () => resolve()));
  await session.send('Tracing.end');
  await complete;
  return events;
}

function judged(events: TraceEvent[]): MainThread {
  const threads = new Set(
    events.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain').map(({ pid, tid }) => `${pid}/${tid}`),
  );
  const tasks = events.filter(
    ({ name, ph, pid, tid }) => name === 'ThreadControllerImpl::RunTask' && ph === 'X' && threads.has(`${pid}/${tid}`),
  );
  const longest = (of: (event: TraceEvent) => number | undefined) =>
    tasks.reduce((most, event) => Math.max(most, of(event) ?? 0), 0) / 1000;
  return {
    longestMs: longest(({ dur }) => dur),
    longestCpuMs: longest(({ tdur }) => tdur),
    over100CpuMs: tasks.filter(({ tdur = 0 }) => tdur > 100_000).length,
    tasks: tasks.length,
  };
}

/** In megabytes, of what is still in use. */
export async function pageHeap(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.enable');
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize / 1e6;
}
