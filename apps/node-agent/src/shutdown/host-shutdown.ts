// What a real machine does about being switched off: it waits for pods where systemd says so beforehand.
import type { Clock, Logger } from '@berth/telemetry';
import type { NodeShutdown } from './node-shutdown.ts';
import { allowDelay, hasLogind, ShutdownInhibitor } from './shutdown-inhibitor.ts';
import type { ShutdownPeriod } from './shutdown-periods.ts';

/** @returns what ends it; undefined where pods have no time of their own, or nobody says beforehand that the machine goes */
export async function delayShutdowns(
  periods: ShutdownPeriod[],
  shutdown: NodeShutdown,
  { clock, logger }: { clock: Clock; logger: Logger },
): Promise<(() => void) | undefined> {
  if (periods.length === 0) return undefined;
  if (!(await hasLogind())) {
    logger.info('systemd does not run this machine: pods end in order when the agent gets SIGPWR before it is switched off');
    return undefined;
  }
  const seconds = periods.reduce((sum, period) => sum + period.seconds, 0);
  await allowDelay(seconds).catch((error: unknown) =>
    logger.warn('the machine may go before pods have had their time: logind cannot be asked to wait longer', { seconds, error }),
  );
  const inhibitor = new ShutdownInhibitor({ clock, logger, shuttingDown: () => shutdown.begin(), cancelled: () => shutdown.cancel() });
  inhibitor.start();
  return () => inhibitor.stop();
}
