// V8 collects when a process allocates; one that has just come to rest keeps what its last load left, for hours. So while it rests,
// and old garbage may be there, a collection is asked for. After each one V8 gives the free pages back by itself.
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';

const lookMs = 15_000;
/** Of one core, over the time between two looks: a process that uses more is at work and collects by itself. */
const idleShareMax = 0.1;
/** How much more than after the last collection has to be there: a fifth, and this much. */
const growthBytesMin = 8 * 2 ** 20;
const growthFactor = 1.2;

/** What a process is like, and how it is collected. */
export interface CollectedProcess {
  /** CPU time that it has used, in microseconds. */
  cpuMicros(): number;
  /** What is held outside of the young generation, garbage included. */
  heldBytes(): number;
  /** Resolves once it is done. */
  collect(): Promise<void>;
}

/** Looks four times a minute, for as long as the process lives. */
export function collectWhenIdle(
  { clock, logger }: { clock: Pick<Clock, 'after' | 'monotonicMs'>; logger: Pick<Logger, 'warn'> },
  target: CollectedProcess = thisProcess(),
): void {
  let [leastBytes, lastMs, lastCpuMicros] = [0, clock.monotonicMs(), target.cpuMicros()];
  const look = async () => {
    const isIdle = (target.cpuMicros() - lastCpuMicros) / 1000 < (clock.monotonicMs() - lastMs) * idleShareMax;
    const heldBytes = target.heldBytes();
    leastBytes = Math.min(leastBytes, heldBytes);
    if (isIdle && heldBytes > leastBytes * growthFactor + growthBytesMin) {
      await target.collect();
      leastBytes = target.heldBytes();
    }
    [lastMs, lastCpuMicros] = [clock.monotonicMs(), target.cpuMicros()];
  };
  const lookLater = () => {
    clock.after(lookMs, () => {
      look()
        .catch((error) => logger.warn('garbage could not be collected', { error }))
        .then(lookLater);
    });
  };
  lookLater();
}

function thisProcess(): CollectedProcess {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as NonNullable<typeof globalThis.gc>;
  return {
    cpuMicros: () => {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
    heldBytes: () => {
      const old = getHeapSpaceStatistics().filter(({ space_name }) => !space_name.startsWith('new'));
      return old.reduce((sum, { space_used_size }) => sum + space_used_size, process.memoryUsage().external);
    },
    collect: async () => {
      await gc({ type: 'major', execution: 'async' });
    },
  };
}
