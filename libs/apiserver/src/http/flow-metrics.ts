// What flow control counts, under kube-apiserver's names.
import { Counter, Gauge, type Registry } from 'prom-client';
import type { FlowMetrics } from '../flow-control/flow-control.ts';
import { Series } from './metric-series.ts';

type Label = 'priority_level' | 'flow_schema';
const labelNames: Label[] = ['priority_level', 'flow_schema'];

export class FlowCounts implements FlowMetrics {
  readonly #dispatched: Counter<Label>;
  readonly #rejected: Counter<Label | 'reason'>;
  readonly #executing: Gauge<Label>;
  readonly #queued: Gauge<Label>;
  readonly #counters = new Series<Counter.Internal>();
  readonly #gauges = new Series<Gauge.Internal<Label>>();

  constructor(registry: Registry) {
    const registers = [registry];
    this.#dispatched = new Counter({
      name: 'apiserver_flowcontrol_dispatched_requests_total',
      help: 'Requests that were let through, by priority level and flow schema.',
      labelNames,
      registers,
    });
    this.#rejected = new Counter({
      name: 'apiserver_flowcontrol_rejected_requests_total',
      help: 'Requests that were told to come back, by priority level, flow schema and why.',
      labelNames: [...labelNames, 'reason'],
      registers,
    });
    this.#executing = new Gauge({
      name: 'apiserver_flowcontrol_current_executing_requests',
      help: 'Requests that run now, by priority level and flow schema.',
      labelNames,
      registers,
    });
    this.#queued = new Gauge({
      name: 'apiserver_flowcontrol_current_inqueue_requests',
      help: 'Requests that wait for a seat now, by priority level and flow schema.',
      labelNames,
      registers,
    });
  }

  dispatched(level: string, schema: string): void {
    this.#counters.of(`${level}/${schema}`, () => this.#dispatched.labels({ priority_level: level, flow_schema: schema })).inc();
  }

  rejected(level: string, schema: string, reason: string): void {
    this.#rejected.inc({ priority_level: level, flow_schema: schema, reason });
  }

  executing(level: string, schema: string, change: number): void {
    this.#gauges.of(`${level}/${schema}`, () => this.#executing.labels({ priority_level: level, flow_schema: schema })).inc(change);
  }

  queued(level: string, schema: string, change: number): void {
    this.#queued.inc({ priority_level: level, flow_schema: schema }, change);
  }
}
