// Waits for an object of the cluster to become what is needed, by asking: for minutes at most, and saying what it waited for.
import { setTimeout as sleep } from 'node:timers/promises';

const pauseMs = 250;

/** @param check its value, or undefined while it is not there yet @param waitsFor what the error names @throws Error when it took too long */
export async function waitUntil<T>(waitsFor: () => string, seconds: number, check: () => Promise<T | undefined>): Promise<T> {
  const endMs = performance.now() + seconds * 1000;
  for (;;) {
    const found = await check();
    if (found !== undefined) return found;
    if (performance.now() > endMs) throw new Error(`${waitsFor()} within ${seconds} s`);
    await sleep(pauseMs);
  }
}
