// A health check as probes: one for the start, which counts as failed only once start period and retries are over; then one that takes the
// pod out of what is ready, and one that restarts the container.
import type { Container, Probe } from '@berth/api';
import type { Service } from '../project/service.ts';
import type { Conversion } from './conversion.ts';
import { unexpanded } from './expansion.ts';
import { wholeSeconds } from './units.ts';

const intervalDefault = '30s';
const timeoutDefault = '30s';
const retriesDefault = 3;
/** How often a container that starts is looked at. */
const startIntervalDefault = '5s';

export function probesOf(name: string, { healthcheck }: Service, conversion: Conversion): Partial<Container> {
  if (!healthcheck) return {};
  const { test, disable } = healthcheck;
  const [kind, ...rest] = test ?? [];
  if (disable || kind === 'NONE') return {};
  const path = `services.${name}.healthcheck`;
  if (kind === undefined) {
    conversion.warn(`${path} does not act: it has no test, and that of the image is not known`);
    return {};
  }
  const command = (kind === 'CMD-SHELL' ? ['/bin/sh', '-c', ...rest] : rest).map(unexpanded);
  const seconds = (key: 'interval' | 'timeout' | 'start_period' | 'start_interval', otherwise: string) =>
    wholeSeconds(healthcheck[key] ?? otherwise, `${path}.${key}`);
  const interval = Math.max(1, seconds('interval', intervalDefault));
  const startInterval = Math.max(1, Math.min(interval, seconds('start_interval', startIntervalDefault)));
  const retries = Math.max(1, healthcheck.retries ?? retriesDefault);
  const timeoutSeconds = Math.max(1, seconds('timeout', timeoutDefault));
  const startSeconds = seconds('start_period', '0s') + retries * interval;
  const probe = (periodSeconds: number, failureThreshold: number): Probe => ({
    exec: { command },
    periodSeconds,
    timeoutSeconds,
    failureThreshold,
  });
  return {
    startupProbe: probe(startInterval, Math.max(1, Math.ceil(startSeconds / startInterval))),
    readinessProbe: probe(interval, retries),
    livenessProbe: probe(interval, retries),
  };
}
