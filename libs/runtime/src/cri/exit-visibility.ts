// containerd sends the event of an exit before CRI's status shows it, and until then the status may say anything that came
// before: created, running, or nothing at all while the runtime is busy. Whoever looked at the event itself saw one of these, so
// the event is worth a second look once the end shows. (docs/adr/0003)
import type { Clock } from '@berth/telemetry';

const pauseMsFirst = 2;
/** Short enough for an end to be noticed within 100 ms of showing. */
const pauseMsEager = 50;
const eagerForMs = 10_000;
/** A status that is wrong for so long is the runtime's fault; it is still worth a look now and then. */
const pauseMsPatient = 2_000;

/**
 * Resolves with true once `hasEnded` does, however long that takes, and with false when the signal aborts first.
 * @param hasEnded whether the status shows the end; one that cannot be had is asked for again
 */
export async function untilEndShows(
  hasEnded: () => Promise<boolean>,
  clock: Pick<Clock, 'sleep' | 'monotonicMs'>,
  signal: AbortSignal,
): Promise<boolean> {
  const sinceMs = clock.monotonicMs();
  for (let pauseMs = pauseMsFirst; ; pauseMs = nextPauseMs(pauseMs, clock.monotonicMs() - sinceMs)) {
    await clock.sleep(pauseMs, signal).catch(() => undefined);
    if (signal.aborted) return false;
    if (await hasEnded().catch(() => false)) return true;
  }
}

function nextPauseMs(pauseMs: number, waitedMs: number): number {
  return waitedMs < eagerForMs ? Math.min(pauseMs * 2, pauseMsEager) : pauseMsPatient;
}
