// What the agent asks of the container runtime, counted and timed under the kubelet's names.
import type { Runtime } from '@berth/runtime';
import type { Clock } from '@berth/telemetry';
import { Counter, Histogram, type Registry } from 'prom-client';

/** The kubelet's, so that quantiles of both can be compared. */
const buckets = Array.from({ length: 14 }, (_, index) => 0.005 * 2.5 ** index);

/** By method, as `operation_type` has them. A stream of events is no operation. */
const operations: { [Method in Exclude<keyof Runtime, 'events'>]: string } = {
  version: 'version',
  health: 'status',
  runSandbox: 'run_podsandbox',
  stopSandbox: 'stop_podsandbox',
  removeSandbox: 'remove_podsandbox',
  sandboxStatus: 'podsandbox_status',
  listSandboxes: 'list_podsandbox',
  createContainer: 'create_container',
  startContainer: 'start_container',
  stopContainer: 'stop_container',
  removeContainer: 'remove_container',
  containerStatus: 'container_status',
  listContainers: 'list_containers',
  updateResources: 'update_container',
  execSync: 'exec_sync',
  exec: 'exec',
  attach: 'attach',
  portForward: 'port_forward',
  reopenLog: 'reopen_container_log',
  imageStatus: 'image_status',
  pullImage: 'pull_image',
  listImages: 'list_images',
  removeImage: 'remove_image',
  stats: 'list_container_stats',
};

export class RuntimeOperations {
  readonly #total: Counter<'operation_type'>;
  readonly #errors: Counter<'operation_type'>;
  readonly #duration: Histogram<'operation_type'>;

  constructor(registry: Registry) {
    const common = { labelNames: ['operation_type'] as const, registers: [registry] };
    this.#total = new Counter({ ...common, name: 'kubelet_runtime_operations_total', help: 'Operations of the container runtime.' });
    this.#errors = new Counter({ ...common, name: 'kubelet_runtime_operations_errors_total', help: 'Operations that failed.' });
    this.#duration = new Histogram({
      ...common,
      buckets,
      name: 'kubelet_runtime_operations_duration_seconds',
      help: 'Time that they took.',
    });
  }

  /** The same runtime, with each call counted. */
  counted(runtime: Runtime, clock: Pick<Clock, 'monotonicMs'>): Runtime {
    const wrapped = new Map<keyof Runtime, unknown>();
    for (const [method, operation] of Object.entries(operations) as [Exclude<keyof Runtime, 'events'>, string][]) {
      const call = runtime[method].bind(runtime) as (...args: unknown[]) => Promise<unknown>;
      wrapped.set(method, (...args: unknown[]) => this.#count(operation, clock, () => call(...args)));
    }
    return new Proxy(runtime, {
      get: (target, name) => wrapped.get(name as keyof Runtime) ?? bound(target, name),
    });
  }

  async #count<T>(operation: string, clock: Pick<Clock, 'monotonicMs'>, call: () => Promise<T>): Promise<T> {
    const startedMs = clock.monotonicMs();
    this.#total.inc({ operation_type: operation });
    try {
      return await call();
    } catch (error) {
      this.#errors.inc({ operation_type: operation });
      throw error;
    } finally {
      this.#duration.observe({ operation_type: operation }, (clock.monotonicMs() - startedMs) / 1000);
    }
  }
}

/** A method keeps the object that it is of: private fields are not reached through a proxy. */
function bound(target: Runtime, name: string | symbol): unknown {
  const found: unknown = Reflect.get(target, name);
  return typeof found === 'function' ? found.bind(target) : found;
}
