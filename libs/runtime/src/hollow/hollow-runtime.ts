// A Runtime without containers: state in memory, delays on the given clock, chance from the given random, so that thousands
// of nodes fit in one process and a seed repeats a run exactly. It outlives the simulated agent that uses it, as containerd does.
import { type Duplex, PassThrough } from 'node:stream';
import type { Clock } from '@berth/telemetry';
import type * as rt from '../runtime.ts';
import { ExecTimeoutError, RuntimeUnavailableError } from '../runtime.ts';
import { hollowBehaviour } from './behaviour.ts';
import { hollowExec, hollowExecSession } from './hollow-exec.ts';
import { HollowImages } from './hollow-images.ts';
import { type HollowContainer, HollowMachine, type HollowRuntimeOptions } from './hollow-machine.ts';

export type { HollowRuntimeOptions };

export class HollowRuntime implements rt.Runtime {
  readonly #options: HollowRuntimeOptions;
  readonly #clock: Clock;
  readonly #machine: HollowMachine;
  readonly #images: HollowImages;
  #available = true;

  constructor(options: HollowRuntimeOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#machine = new HollowMachine(options);
    this.#images = new HollowImages(options.clock, options.images ?? []);
  }

  /** While unavailable every call fails and event streams end. Containers go on. */
  setAvailable(available: boolean): void {
    this.#available = available;
    if (!available) this.#machine.feed.end();
  }

  /** Every container is killed and every sandbox lost, as when the machine restarts. */
  reboot(): void {
    for (const id of [...this.#machine.containers.keys()]) this.#machine.end(id, 137, 'Error');
    for (const sandbox of this.#machine.sandboxes.values()) this.#machine.makeNotReady(sandbox);
  }

  /** What a container is limited to now. */
  resourcesOf(containerId: string): rt.ResourceLimits | undefined {
    return this.#machine.containers.get(containerId)?.config.resources;
  }

  /** Ends one running container, as a crash of its process does. */
  crash(containerId: string, exitCode: number, reason: 'Error' | 'OOMKilled' = 'Error'): void {
    this.#machine.end(containerId, exitCode, reason);
  }

  async version() {
    this.#reach();
    return { name: 'hollow', version: '0.1.0' };
  }

  async health() {
    return this.#available ? {} : { runtime: 'the simulated runtime is switched off' };
  }

  async runSandbox(config: rt.SandboxConfig): Promise<string> {
    this.#reach();
    const known = [...this.#machine.sandboxes.values()].find((other) => other.uid === config.uid && other.attempt === config.attempt);
    if (known) return known.id;
    const sandbox: rt.SandboxInfo = {
      ...{ id: this.#machine.newId(), name: config.name, namespace: config.namespace, uid: config.uid, attempt: config.attempt },
      ...{ state: 'ready', createdAtMs: this.#clock.now(), ips: config.hostNetwork ? [] : [this.#machine.newAddress()] },
      ...{ labels: config.labels, annotations: config.annotations },
    };
    this.#machine.sandboxes.set(sandbox.id, sandbox);
    await this.#delay('sandbox');
    this.#machine.publish('started', sandbox.id, sandbox.id);
    return sandbox.id;
  }

  async stopSandbox(id: string): Promise<void> {
    this.#reach();
    const sandbox = this.#machine.sandboxes.get(id);
    if (!sandbox) return;
    for (const container of this.#machine.of(id)) this.#machine.end(container.info.id, 137, 'Error');
    await this.#delay('stop');
    this.#machine.makeNotReady(sandbox);
  }

  async removeSandbox(id: string): Promise<void> {
    await this.stopSandbox(id);
    for (const container of this.#machine.of(id)) this.#machine.containers.delete(container.info.id);
    if (this.#machine.sandboxes.delete(id)) this.#machine.publish('deleted', id, id);
  }

  async sandboxStatus(id: string) {
    this.#reach();
    const sandbox = this.#machine.sandboxes.get(id);
    return sandbox && { ...sandbox, ips: [...sandbox.ips] };
  }

  async listSandboxes() {
    this.#reach();
    return Array.from(this.#machine.sandboxes.values(), (sandbox) => ({ ...sandbox, ips: [] }));
  }

  async createContainer(sandboxId: string, config: rt.ContainerConfig, sandbox: rt.SandboxConfig): Promise<string> {
    this.#reach();
    if (this.#machine.sandboxes.get(sandboxId)?.state !== 'ready') throw new Error(`sandbox ${sandboxId} is not running`);
    if (!this.#images.find(config.imageRef)) throw new Error(`image ${config.imageRef} is not present`);
    const known = this.#machine.of(sandboxId).find(({ info }) => info.name === config.name && info.attempt === config.attempt);
    if (known) return known.info.id;
    const info: rt.ContainerInfo = {
      ...{ id: this.#machine.newId(), sandboxId, name: config.name, attempt: config.attempt, state: 'created', image: config.image },
      ...{ imageRef: config.imageRef, labels: config.labels, annotations: config.annotations, createdAtMs: this.#clock.now() },
      ...{ startedAtMs: 0, finishedAtMs: 0, exitCode: 0, reason: '', message: '', logPath: `${sandbox.logDirectory}/${config.logPath}` },
    };
    const behaviour = hollowBehaviour(config.image, this.#options.random);
    if (behaviour.createError) {
      // As containerd, which takes back what it had begun.
      this.#machine.publish('deleted', info.id, sandboxId);
      throw new Error(behaviour.createError);
    }
    this.#machine.containers.set(info.id, { info, config, behaviour, ended: Promise.withResolvers() });
    this.#machine.publish('created', info.id, sandboxId);
    return info.id;
  }

  async startContainer(id: string): Promise<void> {
    this.#reach();
    const container = this.#need(id);
    if (container.info.state !== 'created') return;
    await this.#delay('start');
    const { info, behaviour } = container;
    if (info.state !== 'created') return;
    if (behaviour.startError) {
      Object.assign(info, { message: behaviour.startError });
      this.#machine.end(id, 128, 'StartError');
      throw new Error(behaviour.startError);
    }
    Object.assign(info, { state: 'running', startedAtMs: this.#clock.now() });
    this.#options.onLog?.(info.logPath, `started ${info.image}`);
    this.#machine.publish('started', id, info.sandboxId);
    const { end } = behaviour;
    if (end) container.endTimer = this.#clock.after(end.afterMs, () => this.#machine.end(id, end.exitCode, end.reason));
  }

  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    this.#reach();
    const container = this.#machine.containers.get(id);
    if (container?.info.state !== 'running') return;
    if (container.behaviour.ignoresStopSignal) {
      const killing = this.#clock.after(graceSeconds * 1000, () => this.#machine.end(id, 137, 'Error'));
      await container.ended.promise;
      killing.cancel();
      return;
    }
    await this.#delay('stop');
    this.#machine.end(id, 143, 'Error');
  }

  async removeContainer(id: string): Promise<void> {
    this.#reach();
    const container = this.#machine.containers.get(id);
    if (!container) return;
    this.#machine.end(id, 137, 'Error');
    this.#machine.containers.delete(id);
    this.#machine.publish('deleted', id, container.info.sandboxId);
  }

  async containerStatus(id: string) {
    this.#reach();
    const container = this.#machine.containers.get(id);
    return container && { ...container.info };
  }

  async listContainers() {
    this.#reach();
    return Array.from(this.#machine.containers.values(), ({ info }) => ({ ...info }));
  }

  async updateResources(id: string, resources: rt.ResourceLimits): Promise<void> {
    this.#reach();
    const container = this.#need(id);
    container.config = { ...container.config, resources: { ...container.config.resources, ...resources } };
  }

  async execSync(id: string, command: string[], timeoutSeconds: number) {
    this.#needRunning(id);
    const timeout = new AbortController();
    const timedOut = timeoutSeconds > 0 && this.#clock.sleep(timeoutSeconds * 1000, timeout.signal).then(() => 'timeout' as const);
    const ran = hollowExec(this.#clock, command);
    const result = await (timedOut ? Promise.race([ran, timedOut.catch(() => ran)]) : ran);
    if (result === 'timeout') throw new ExecTimeoutError(timeoutSeconds);
    timeout.abort();
    return { exitCode: result.exitCode, stdout: Buffer.from(result.stdout), stderr: Buffer.from(result.stderr) };
  }

  async exec(id: string, options: rt.ExecOptions): Promise<rt.ExecSession> {
    this.#needRunning(id);
    return hollowExecSession(this.#clock, options);
  }

  /** Attaching shows nothing and ends when the container does. */
  async attach(id: string, options: Omit<rt.ExecOptions, 'command'>): Promise<rt.ExecSession> {
    const container = this.#needRunning(id);
    const session = hollowExecSession(this.#clock, { ...options, stdin: true, command: ['cat'] });
    void container.ended.promise.then(session.close);
    return { ...session, stdin: options.stdin ? session.stdin : undefined, exit: session.exit.then(() => 0) };
  }

  async portForward(sandboxId: string, port: number): Promise<Duplex> {
    this.#reach();
    const listens = this.#machine.of(sandboxId).some(({ info, behaviour }) => info.state === 'running' && behaviour.listensOn === port);
    if (!listens) throw new Error(`nothing listens on port ${port} in sandbox ${sandboxId}: connection refused`);
    return new PassThrough();
  }

  async reopenLog(id: string): Promise<void> {
    this.#needRunning(id);
  }

  async imageStatus(image: string) {
    this.#reach();
    return this.#images.find(image);
  }

  async pullImage(image: string): Promise<string> {
    this.#reach();
    return this.#images.pull(image, this.#delayMs('pull'));
  }

  async listImages() {
    this.#reach();
    return this.#images.list();
  }

  async removeImage(image: string): Promise<void> {
    this.#reach();
    this.#images.remove(image);
  }

  async stats(): Promise<rt.ContainerStats[]> {
    this.#reach();
    const atMs = this.#clock.now();
    const running = [...this.#machine.containers.values()].filter(({ info }) => info.state === 'running');
    return running.map(({ info }) => {
      const usage = this.#options.usage?.(info) ?? { cpuCores: 0.01, memoryBytes: 16 * 2 ** 20 };
      return {
        ...{ containerId: info.id, podUid: this.#machine.sandboxes.get(info.sandboxId)?.uid ?? '', name: info.name, atMs },
        cpuUsageNanoseconds: Math.round((atMs - info.startedAtMs) * usage.cpuCores * 1e6),
        ...{
          memoryWorkingSetBytes: usage.memoryBytes,
          memoryUsageBytes: usage.memoryBytes,
          filesystemUsedBytes: 4096,
          filesystemUsedInodes: 1,
        },
      };
    });
  }

  events(signal: AbortSignal): AsyncIterable<rt.RuntimeEvent> {
    this.#reach();
    return this.#machine.feed.listen(signal);
  }

  #reach(): void {
    if (!this.#available) throw new RuntimeUnavailableError('the simulated runtime is switched off');
  }

  #need(id: string): HollowContainer {
    const container = this.#machine.containers.get(id);
    if (!container) throw new Error(`container ${id} not found`);
    return container;
  }

  #needRunning(id: string): HollowContainer {
    this.#reach();
    const container = this.#need(id);
    if (container.info.state !== 'running') throw new Error(`container ${id} is not running: it is ${container.info.state}`);
    return container;
  }

  #delayMs(kind: 'sandbox' | 'start' | 'pull' | 'stop'): number {
    const [from, to] = this.#options.delays?.[kind] ?? [0, 0];
    return to > 0 ? from + this.#options.random.next() * (to - from) : 0;
  }

  async #delay(kind: 'sandbox' | 'start' | 'stop'): Promise<void> {
    const delayMs = this.#delayMs(kind);
    if (delayMs > 0) await this.#clock.sleep(delayMs);
  }
}
