// The command line's options for shutdowns of the machine, as the kubelet's configuration names them.
import { UsageError } from '@berth/telemetry/command-line';
import { durationMs } from '../eviction/thresholds.ts';
import { type ShutdownPeriod, shutdownPeriods } from './shutdown-periods.ts';

const names = ['shutdown-grace-period', 'shutdown-grace-period-critical-pods', 'shutdown-grace-period-by-pod-priority'] as const;

export const shutdownOptions = {
  'shutdown-grace-period': { type: 'string', default: '0s' },
  'shutdown-grace-period-critical-pods': { type: 'string', default: '0s' },
  'shutdown-grace-period-by-pod-priority': { type: 'string', default: '' },
} as const;

export const shutdownUsage = `  --shutdown-grace-period DURATION                 how long pods have when the machine is switched off, which waits for them (default 0s:
                              as long as the machine has); without systemd, send the agent SIGPWR and wait for its log to say so
  --shutdown-grace-period-critical-pods DURATION   of that, for critical pods, after all others
  --shutdown-grace-period-by-pod-priority PRIORITY=SECONDS,... instead of both, for pods from a priority on`;

/** @throws UsageError */
export function parseShutdown(values: Record<(typeof names)[number], string>): ShutdownPeriod[] {
  const [grace, critical, byPriority] = names;
  try {
    return shutdownPeriods({
      graceMs: durationMs(values[grace]),
      criticalMs: durationMs(values[critical]),
      byPriority: values[byPriority],
    });
  } catch (error) {
    throw new UsageError(`--${grace}…: ${(error as Error).message}`);
  }
}
