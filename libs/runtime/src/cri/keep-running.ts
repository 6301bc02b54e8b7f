// Looks every second whether a process still runs, and starts it again when it does not. A look that fails says nothing about the
// process, and ends neither the looking nor the agent.
import type { Clock, Logger } from '@berth/telemetry';

const everyMs = 1_000;

export interface KeepRunningOptions {
  isRunning(): Promise<boolean>;
  /** Starts it, and resolves once it answers. */
  start(): Promise<unknown>;
  clock: Pick<Clock, 'sleep'>;
  logger: Logger;
}

/** Until the signal aborts; never rejects. */
export async function keepRunning({ isRunning, start, clock, logger }: KeepRunningOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(everyMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    try {
      if (await isRunning()) continue;
      logger.warn('containerd has died; starting it again');
      await start();
    } catch (error) {
      logger.error('containerd could not be looked after; trying again', { error });
    }
  }
}
