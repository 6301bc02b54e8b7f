// Ingresses of this node by a HAProxy of the agent's own. It runs while there is an Ingress, outlives the agent, and is started again when it
// dies. Whatever fails here is logged, said of the node, and tried again ever later; nothing else waits for it.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Clock, Logger, Timer } from '@berth/telemetry';
import type { ProxyPorts } from './haproxy-config.ts';
import type { RunningProxy } from './haproxy-socket.ts';
import type { IngressState, NodeIngress } from './ingress.ts';
import { isPortFree } from './port-probe.ts';
import { ProxyLoader } from './proxy-loader.ts';
import { type ProxyModel, proxyModel } from './proxy-model.ts';

export interface HaproxyIngressOptions {
  /** Gets files and sockets; its path is short enough for a socket. */
  directory: string;
  ports: ProxyPorts;
  clock: Clock;
  logger: Logger;
  /** Says of the node what is wrong. */
  event(reason: string, message: string): void;
}

const retryMsMin = 2_000;
const retryMsMax = 5 * 60_000;
const lookMs = 2_000;

/** In /run, as keys belong on no disk, and as paths of sockets are short. */
export function ingressDirectory(dataDirectory: string): string {
  return join('/run/berth', `ingress-${createHash('sha256').update(dataDirectory).digest('hex').slice(0, 12)}`);
}

export class HaproxyIngress implements NodeIngress {
  readonly #options: HaproxyIngressOptions;
  readonly #loader: ProxyLoader;
  readonly #stopping = new AbortController();
  #wanted: IngressState | undefined;
  #isDirty = false;
  #applying: Promise<void> | undefined;
  #retry: Timer | undefined;
  #look: Timer | undefined;
  #failures = 0;
  /** The problem that the last event was about. */
  #reported = '';
  /** Nothing of the proxy is there. */
  #isRemoved = false;
  #isServing = false;
  /** What is in force as a whole: services that no Ingress leads to change often. */
  #inForce: ProxyModel | undefined;

  constructor(options: HaproxyIngressOptions) {
    this.#options = options;
    this.#loader = new ProxyLoader(options);
  }

  sync(state: IngressState): void {
    this.#wanted = state;
    this.#refresh();
  }

  async metrics(): Promise<string> {
    if (!this.#isServing) return '';
    return this.#loader.metrics().catch((error: unknown) => {
      this.#options.logger.warn("the proxy's numbers are missing from the metrics", { error });
      return '';
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the agent is stopping'));
    this.#retry?.cancel();
    this.#look?.cancel();
    await this.#applying;
  }

  /** Ends the proxy, and removes its files; safe to repeat. */
  async tearDown(): Promise<void> {
    await this.stop();
    await this.#remove();
  }

  #refresh(): void {
    if (this.#stopping.signal.aborted) return;
    this.#isDirty = true;
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#applying ??= this.#applyAll().finally(() => {
      this.#applying = undefined;
    });
  }

  /** Changes that come meanwhile become one more application. Never rejects. */
  async #applyAll(): Promise<void> {
    while (this.#isDirty && this.#wanted && !this.#stopping.signal.aborted) {
      this.#isDirty = false;
      try {
        const problem = await this.#apply(this.#wanted);
        if (problem !== undefined) this.#tryLater('IngressPortTaken', problem);
        else [this.#failures, this.#reported] = [0, ''];
      } catch (error) {
        if (!this.#stopping.signal.aborted) this.#tryLater('IngressFailed', error instanceof Error ? error.message : String(error));
      }
    }
  }

  #tryLater(reason: string, message: string): void {
    const { clock, logger, event } = this.#options;
    const retryMs = Math.min(retryMsMin * 2 ** this.#failures, retryMsMax);
    this.#failures++;
    logger.error('ingresses are not served as they should be; trying again', { reason, message, retryMs });
    if (message !== this.#reported) event(reason, message);
    this.#reported = message;
    this.#retry?.cancel();
    this.#retry = clock.after(retryMs, () => this.#refresh());
  }

  /** Returns what keeps a part of it from being served. */
  async #apply(state: IngressState): Promise<string | undefined> {
    if (state.ingresses.length === 0 || this.#configuredPorts.length === 0) {
      if (!this.#isRemoved) await this.#remove();
      return undefined;
    }
    this.#isRemoved = false;
    const model = proxyModel(state);
    if (isDeepStrictEqual(model, this.#inForce)) return undefined;
    this.#inForce = undefined;
    const { signal } = this.#stopping;
    const running = await this.#loader.running(signal);
    const { ports, taken } = await this.#freePorts(running);
    if (taken.length < this.#configuredPorts.length) {
      this.#keepLooking();
      await this.#loader.bringInForce(model, ports, running, signal);
      this.#isServing = true;
    }
    if (taken.length > 0) return portsTaken(taken);
    this.#inForce = model;
    return undefined;
  }

  get #configuredPorts(): number[] {
    const { http, https } = this.#options.ports;
    return [http, https].filter((port) => port !== undefined);
  }

  async #freePorts(running: RunningProxy | undefined): Promise<{ ports: ProxyPorts; taken: number[] }> {
    const taken: number[] = [];
    for (const port of this.#configuredPorts) {
      if (!running?.ports.includes(port) && !(await isPortFree(port))) taken.push(port);
    }
    const unlessTaken = (port: number | undefined) => (port !== undefined && taken.includes(port) ? undefined : port);
    const { http, https } = this.#options.ports;
    return { ports: { http: unlessTaken(http), https: unlessTaken(https) }, taken };
  }

  #keepLooking(): void {
    this.#look ??= this.#options.clock.after(lookMs, () => {
      this.#look = undefined;
      void this.#lookAfter();
    });
  }

  /** Never rejects. */
  async #lookAfter(): Promise<void> {
    const { logger } = this.#options;
    const isAlive = await this.#loader.pid().then(
      (pid) => pid !== undefined,
      (error: unknown) => {
        logger.error('the ingress proxy could not be looked after; trying again', { error });
        return true;
      },
    );
    if (this.#stopping.signal.aborted || this.#isRemoved) return;
    this.#keepLooking();
    // What is under way, or will be tried again, starts it.
    if (isAlive || this.#applying || this.#retry) return;
    logger.warn('the ingress proxy has died; starting it again');
    this.#inForce = undefined;
    this.#refresh();
  }

  async #remove(): Promise<void> {
    this.#look?.cancel();
    this.#look = undefined;
    this.#inForce = undefined;
    this.#isServing = false;
    await this.#loader.remove();
    this.#isRemoved = true;
  }
}

function portsTaken(taken: number[]): string {
  const which = taken.length === 1 ? `port ${taken[0]} is` : `ports ${taken.join(' and ')} are`;
  return `${which} taken by another program: end it, or give the agent other ports with --ingress-http-port and --ingress-https-port`;
}
