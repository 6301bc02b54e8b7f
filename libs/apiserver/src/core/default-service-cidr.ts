// The ServiceCIDR `kubernetes`, made of the API server's configuration. Once it is there it is a user's: a server that is
// configured otherwise says so and changes nothing, and one that is gone is made again (KEP-1880).
import { defaultServiceCidrName, parseIpv4Range, ServiceCIDR } from '@berth/api';
import { type Client, EventRecorder } from '@berth/client';
import { deepEqual, isReason } from '@berth/machinery';
import { type Clock, type Logger, type Random, type Timer, timestamp } from '@berth/telemetry';

/** As often as kube-apiserver looks. */
const intervalMs = 10_000;
const name = defaultServiceCidrName;

export interface DefaultServiceCidrOptions {
  client: Client;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** The configured range. */
  cidr: string;
  /** As the cache knows it. */
  cached(): ServiceCIDR | undefined;
  /** Resolves once the cache has this version. */
  reach(resourceVersion: string): Promise<void>;
}

export class DefaultServiceCidr {
  readonly #options: DefaultServiceCidrOptions;
  readonly #cidrs: string[];
  readonly #events: EventRecorder;
  /** What was said already. */
  readonly #told = new Set<string>();
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: DefaultServiceCidrOptions) {
    this.#options = options;
    this.#cidrs = [parseIpv4Range(options.cidr).cidr];
    this.#events = new EventRecorder(options, { component: 'kubernetes-service-cidr-controller' });
  }

  /** Resolves once there is such a range, and the cache knows. */
  async start(): Promise<void> {
    await this.#sync();
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = this.#options.clock.after(intervalMs, () => {
      this.#running = this.#sync()
        .catch((error: unknown) => this.#options.logger.warn('the default range of service addresses could not be seen to', { error }))
        .finally(() => this.#schedule());
    });
  }

  async #sync(): Promise<void> {
    const range = this.#options.cached() ?? (await this.#make());
    if (range.metadata.deletionTimestamp) return;
    const ready = range.status?.conditions?.find(({ type }) => type === 'Ready');
    if (!deepEqual(range.spec.cidrs, this.#cidrs))
      return this.#tell(range, 'KubernetesDefaultServiceCIDRInconsistent', this.#mismatch(range));
    if (ready?.status === 'False') return this.#tell(range, ready.reason, `Configuration matches, but ${ready.message}`);
    if (ready?.status !== 'True') await this.#makeReady(range);
  }

  async #make(): Promise<ServiceCIDR> {
    const { client, reach } = this.#options;
    const made: ServiceCIDR = { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: { name }, spec: { cidrs: this.#cidrs } };
    const range = await client.create(ServiceCIDR, made).catch((error: unknown) => {
      if (isReason(error, 'AlreadyExists')) return client.get(ServiceCIDR, { name });
      throw error;
    });
    await reach(range.metadata.resourceVersion ?? '');
    return range;
  }

  async #makeReady(range: ServiceCIDR): Promise<void> {
    const { client, clock } = this.#options;
    const message = 'Kubernetes default Service CIDR is ready';
    const ready = { type: 'Ready', status: 'True', reason: '', message, lastTransitionTime: timestamp(clock) };
    const others = (range.status?.conditions ?? []).filter(({ type }) => type !== 'Ready');
    try {
      await client.updateStatus(ServiceCIDR, { ...range, status: { conditions: [...others, ready] } });
    } catch (error) {
      // Somebody else was faster; what is left to do is seen next time.
      if (!isReason(error, 'Conflict') && !isReason(error, 'NotFound')) throw error;
    }
  }

  #mismatch({ spec }: ServiceCIDR): string {
    return `The default ServiceCIDR [${spec.cidrs?.join(' ')}] does not match the controller flag configurations [${this.#cidrs.join(' ')}]`;
  }

  #tell(range: ServiceCIDR, reason: string, message: string): void {
    if (this.#told.has(reason)) return;
    this.#told.add(reason);
    this.#options.logger.warn('the ServiceCIDR kubernetes is not as configured; change the configuration, or delete it', { message });
    this.#events.record(range, 'Warning', reason, message);
  }
}
