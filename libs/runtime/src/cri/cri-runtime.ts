// The Runtime over CRI: containerd's gRPC socket, with errors in our terms. Calls on what is gone already succeed quietly,
// so that every step can be repeated after a crash.
import type { Duplex } from 'node:stream';
import { type criV1, imageServiceClient, runtimeServiceClient } from '@berth/protocol';
import { type Clock, systemClock } from '@berth/telemetry';
import * as grpc from '@grpc/grpc-js';
import { EventFeed } from '../event-feed.ts';
import {
  type ContainerConfig,
  type ContainerInfo,
  type ContainerStats,
  type ExecOptions,
  type ExecSession,
  ExecTimeoutError,
  type ImageInfo,
  ImagePullError,
  type RegistryAuth,
  type ResourceLimits,
  type Runtime,
  type RuntimeEvent,
  type RuntimeHealth,
  RuntimeUnavailableError,
  type SandboxConfig,
  type SandboxInfo,
} from '../runtime.ts';
import { containerdEvents } from './containerd-events.ts';
import { processEnd } from './containerd-tasks.ts';
import { type CriConfiguration, criConfiguration } from './cri-configuration.ts';
import { ExecExits } from './exec-exits.ts';
import { ExecInputs } from './exec-input.ts';
import { untilEndShows } from './exit-visibility.ts';
import { containerRequest, resourcesRequest, sandboxRequest } from './requests.ts';
import { containerInfo, containerStats, imageInfo, listedContainer, sandboxInfo } from './responses.ts';
import { healthOf } from './runtime-status.ts';
import { openExec, openPortForward } from './streaming.ts';

/** The one that CRI uses. */
const containerdNamespace = 'k8s.io';
const callMs = 120_000;
const pullMs = 15 * 60_000;

export class CriRuntime implements Runtime {
  readonly #runtime: criV1.RuntimeServiceClient;
  readonly #images: criV1.ImageServiceClient;
  readonly #events: grpc.Client;
  readonly #clock: Clock;
  readonly #inputs: ExecInputs;
  /** Known while somebody listens to events, as an agent does. */
  readonly #exits: ExecExits;
  #configuration: Promise<CriConfiguration> | undefined;
  /** CRI's container status does not say which sandbox it is of; it never changes. */
  readonly #sandboxOf = new Map<string, string>();

  /** @param socket path of the CRI socket */
  constructor(socket: string, clock: Clock = systemClock) {
    this.#clock = clock;
    const address = `unix://${socket}`;
    const options = {
      'grpc.max_receive_message_length': 64 * 2 ** 20,
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 1_000,
    };
    this.#runtime = runtimeServiceClient(address, grpc.credentials.createInsecure(), options);
    this.#images = imageServiceClient(address, grpc.credentials.createInsecure(), options);
    this.#events = new grpc.Client(address, grpc.credentials.createInsecure(), options);
    this.#exits = new ExecExits(clock);
    this.#inputs = new ExecInputs({
      clock,
      stateDirectory: () => this.#stateDirectory(),
      processEnd: (containerId, execId, signal) => processEnd(this.#events, containerdNamespace, { containerId, execId }, signal),
    });
  }

  close(): void {
    this.#runtime.close();
    this.#images.close();
    this.#events.close();
  }

  async version(): Promise<{ name: string; version: string }> {
    const answer = await this.#call(this.#runtime.version({ version: 'v1' }, { timeoutMs: callMs }));
    return { name: answer.runtimeName, version: answer.runtimeVersion };
  }

  async health(): Promise<RuntimeHealth> {
    return healthOf(await this.#call(this.#runtime.status({}, { timeoutMs: callMs })));
  }

  async runSandbox(config: SandboxConfig): Promise<string> {
    const request = { config: sandboxRequest(config), runtimeHandler: config.runtimeHandler ?? '' };
    return (await this.#call(this.#runtime.runPodSandbox(request, { timeoutMs: callMs }))).podSandboxId;
  }

  async stopSandbox(id: string): Promise<void> {
    await this.#quiet(this.#runtime.stopPodSandbox({ podSandboxId: id }, { timeoutMs: callMs }));
  }

  async removeSandbox(id: string): Promise<void> {
    await this.stopSandbox(id);
    await this.#quiet(this.#runtime.removePodSandbox({ podSandboxId: id }, { timeoutMs: callMs }));
  }

  async sandboxStatus(id: string): Promise<SandboxInfo | undefined> {
    const answer = await this.#quiet(this.#runtime.podSandboxStatus({ podSandboxId: id }, { timeoutMs: callMs }));
    return answer?.status ? sandboxInfo(answer.status) : undefined;
  }

  async listSandboxes(): Promise<SandboxInfo[]> {
    return (await this.#call(this.#runtime.listPodSandbox({}, { timeoutMs: callMs }))).items.map(sandboxInfo);
  }

  async createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): Promise<string> {
    const request = { podSandboxId: sandboxId, config: containerRequest(config, sandbox), sandboxConfig: sandboxRequest(sandbox) };
    const { containerId } = await this.#call(this.#runtime.createContainer(request, { timeoutMs: callMs }));
    this.#sandboxOf.set(containerId, sandboxId);
    return containerId;
  }

  async startContainer(id: string): Promise<void> {
    await this.#call(this.#runtime.startContainer({ containerId: id }, { timeoutMs: callMs }));
  }

  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    await this.#quiet(
      this.#runtime.stopContainer({ containerId: id, timeout: String(graceSeconds) }, { timeoutMs: callMs + graceSeconds * 1000 }),
    );
  }

  async removeContainer(id: string): Promise<void> {
    await this.#quiet(this.#runtime.removeContainer({ containerId: id }, { timeoutMs: callMs }));
    this.#sandboxOf.delete(id);
    this.#inputs.forget(id);
  }

  async containerStatus(id: string): Promise<ContainerInfo | undefined> {
    const answer = await this.#quiet(this.#runtime.containerStatus({ containerId: id }, { timeoutMs: callMs }));
    if (!answer?.status) return undefined;
    if (!this.#sandboxOf.has(id)) await this.listContainers();
    return containerInfo(answer.status, this.#sandboxOf.get(id) ?? '');
  }

  async listContainers(): Promise<ContainerInfo[]> {
    const { containers } = await this.#call(this.#runtime.listContainers({}, { timeoutMs: callMs }));
    for (const container of containers) this.#sandboxOf.set(container.id, container.podSandboxId);
    return containers.map(listedContainer);
  }

  async updateResources(id: string, resources: ResourceLimits): Promise<void> {
    await this.#call(
      this.#runtime.updateContainerResources({ containerId: id, linux: resourcesRequest(resources) }, { timeoutMs: callMs }),
    );
  }

  async execSync(id: string, command: string[], timeoutSeconds: number): Promise<{ exitCode: number; stdout: Buffer; stderr: Buffer }> {
    const request = { containerId: id, cmd: command, timeout: String(timeoutSeconds) };
    try {
      // Without a limit of its own it ends when the container does, at the latest.
      const limit = timeoutSeconds > 0 ? { timeoutMs: timeoutSeconds * 1000 + 5_000 } : {};
      return await this.#call(this.#runtime.execSync(request, limit));
    } catch (error) {
      const { code, details = '' } = error as Partial<grpc.ServiceError>;
      const timedOut = code === grpc.status.DEADLINE_EXCEEDED || details.includes('context deadline exceeded');
      throw timedOut && timeoutSeconds > 0 ? new ExecTimeoutError(timeoutSeconds, { cause: error }) : error;
    }
  }

  async exec(id: string, options: ExecOptions): Promise<ExecSession> {
    const { command: cmd, tty, stdin, stdout, stderr } = options;
    const request = { containerId: id, cmd, tty, stdin, stdout, stderr: stderr && !tty };
    const open = async () => openExec((await this.#call(this.#runtime.exec(request, { timeoutMs: callMs }))).url, options, true);
    return this.#exits.follow(id, () => (stdin ? this.#inputs.open(id, open) : open()));
  }

  async attach(id: string, options: Omit<ExecOptions, 'command'>): Promise<ExecSession> {
    const request = {
      containerId: id,
      tty: options.tty,
      stdin: options.stdin,
      stdout: options.stdout,
      stderr: options.stderr && !options.tty,
    };
    return openExec((await this.#call(this.#runtime.attach(request, { timeoutMs: callMs }))).url, options, false);
  }

  async portForward(sandboxId: string, port: number): Promise<Duplex> {
    const { url } = await this.#call(this.#runtime.portForward({ podSandboxId: sandboxId, port: [port] }, { timeoutMs: callMs }));
    return openPortForward(url, port);
  }

  async reopenLog(id: string): Promise<void> {
    await this.#call(this.#runtime.reopenContainerLog({ containerId: id }, { timeoutMs: callMs }));
  }

  async imageStatus(image: string): Promise<ImageInfo | undefined> {
    const answer = await this.#call(this.#images.imageStatus({ image: { image } }, { timeoutMs: callMs }));
    return answer.image ? imageInfo(answer.image) : undefined;
  }

  async pullImage(image: string, auth?: RegistryAuth): Promise<string> {
    try {
      const request = {
        image: { image },
        ...(auth && { auth: { username: auth.username, password: auth.password, serverAddress: auth.server ?? '' } }),
      };
      return (await this.#call(this.#images.pullImage(request, { timeoutMs: pullMs }))).imageRef;
    } catch (error) {
      if (error instanceof RuntimeUnavailableError) throw error;
      throw new ImagePullError(image, (error as grpc.ServiceError).details || (error as Error).message, { cause: error });
    }
  }

  async listImages(): Promise<ImageInfo[]> {
    return (await this.#call(this.#images.listImages({}, { timeoutMs: callMs }))).images.map(imageInfo);
  }

  async removeImage(image: string): Promise<void> {
    await this.#quiet(this.#images.removeImage({ image: { image } }, { timeoutMs: callMs }));
  }

  async stats(): Promise<ContainerStats[]> {
    return (await this.#call(this.#runtime.listContainerStats({}, { timeoutMs: callMs }))).stats.map(containerStats);
  }

  async *events(signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
    const feed = new EventFeed();
    const listening = feed.listen(signal);
    const pumped = this.#pump(feed, signal).finally(() => feed.end());
    // Handled below, once everything that came before was delivered.
    pumped.catch(() => undefined);
    yield* listening;
    await pumped;
  }

  async #pump(feed: EventFeed, signal: AbortSignal): Promise<void> {
    // Whoever listens to the next stream looks at everything first, so second looks end with this one.
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    try {
      for await (const event of containerdEvents(this.#events, containerdNamespace, signal, (exit) => this.#exits.note(exit))) {
        feed.publish(event);
        if (event.type === 'stopped') void this.#publishAgainOnceVisible(event, feed, either);
      }
    } finally {
      over.abort(new Error('the stream of events has ended'));
    }
  }

  async #publishAgainOnceVisible(event: RuntimeEvent, feed: EventFeed, signal: AbortSignal): Promise<void> {
    if (await untilEndShows(() => this.#hasEnded(event.containerId), this.#clock, signal)) feed.publish(event);
  }

  /** One that is made and has not started has not ended: its status may be older than its end. */
  async #hasEnded(id: string): Promise<boolean> {
    const [container, sandbox] = await Promise.all([this.containerStatus(id), this.sandboxStatus(id)]);
    return container?.state !== 'created' && container?.state !== 'running' && sandbox?.state !== 'ready';
  }

  /** Asked for once. */
  configuration(): Promise<CriConfiguration> {
    const asked =
      this.#configuration ??
      this.#call(this.#runtime.status({ verbose: true }, { timeoutMs: callMs })).then(({ info }) => criConfiguration(info.config));
    this.#configuration = asked;
    asked.catch(() => {
      this.#configuration = undefined;
    });
    return asked;
  }

  async #stateDirectory(): Promise<string> {
    const { stateDirectory } = await this.configuration();
    if (!stateDirectory) throw new Error('the container runtime does not say where it keeps the state of containers');
    return stateDirectory;
  }

  async #call<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      const { code, details } = error as grpc.ServiceError;
      if (code === grpc.status.UNAVAILABLE) throw new RuntimeUnavailableError(details, { cause: error });
      // gRPC prefixes the code and its number; people need what containerd said.
      throw details ? Object.assign(new Error(details, { cause: error }), { code, details }) : error;
    }
  }

  /** Undefined instead of an error for what does not exist. */
  async #quiet<T>(answer: Promise<T>): Promise<T | undefined> {
    try {
      return await this.#call(answer);
    } catch (error) {
      if ((error as grpc.ServiceError).code === grpc.status.NOT_FOUND) return undefined;
      throw error;
    }
  }
}
