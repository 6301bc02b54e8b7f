// The time that ages are told from: one clock for the page, so that all of them move together.
import { useSyncExternalStore } from 'react';

const stepMs = 1_000;
let nowMs = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  timer ??= setInterval(() => {
    nowMs = Date.now();
    for (const listener of listeners) listener();
  }, stepMs);
  return () => {
    listeners.delete(changed);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** Milliseconds since 1970, in steps. Large computations use a coarser one. */
export function useNow(coarseMs: number = stepMs): number {
  return useSyncExternalStore(subscribe, () => Math.floor(nowMs / coarseMs) * coarseMs);
}
