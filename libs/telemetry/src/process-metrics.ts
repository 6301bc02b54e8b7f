// process_* and nodejs_* of a process. The event loop's delay is looked at once a second, as more would wake the process a hundred times a
// second; what the library then tells is the time between two looks, of which the delay is what goes beyond.
import { collectDefaultMetrics, type Gauge, type Registry } from 'prom-client';

const lookMs = 1_000;
const delays = ['min', 'max', 'mean', 'p50', 'p90', 'p99'].map((which) => `nodejs_eventloop_lag_${which}_seconds`);

/** Once for each registry. */
export function collectProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: lookMs });
  for (const name of delays) {
    const gauge = registry.getSingleMetric(name) as Gauge;
    const set = gauge.set.bind(gauge) as (labels: object, seconds: number) => void;
    gauge.set = (labels: object | number, seconds?: number) => {
      // Between two looks there is nothing yet: the library's numbers are none, or next to nothing.
      if (typeof labels === 'object' && seconds !== undefined) set(labels, Math.max(0, seconds - lookMs / 1000) || 0);
    };
  }
}
