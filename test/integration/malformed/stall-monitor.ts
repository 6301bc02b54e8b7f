// Loaded into a server before it starts: measures how long its event loop stood still and how much memory it holds, and tells
// both to the process that forked it.
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface Measured {
  stallMsMax: number;
  residentBytes: number;
}

const resolutionMs = 10;
const delays = monitorEventLoopDelay({ resolution: resolutionMs });
delays.enable();

process.on('message', (question) => {
  const measured: Measured = { stallMsMax: delays.max / 1e6 - resolutionMs, residentBytes: process.memoryUsage.rss() };
  if (question === 'reset') delays.reset();
  process.send?.(measured);
});
