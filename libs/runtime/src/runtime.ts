// The Runtime port: what a node agent needs of a container runtime, in CRI's terms but without its wire format.
// cri/ drives containerd; hollow/ simulates containers so that one process can be thousands of nodes.
// What must hold: every call is safe to repeat after a crash; ids are the runtime's own and survive an agent restart.
import type { Readable, Writable } from 'node:stream';

export interface IdRange {
  hostId: number;
  length: number;
}

export interface SandboxConfig {
  name: string;
  namespace: string;
  uid: string;
  /** Counts sandboxes made for the same pod. */
  attempt: number;
  hostname: string;
  /** Folder for the pod's container logs. */
  logDirectory: string;
  /** Absent with host networking. */
  dns?: { servers: string[]; searches: string[]; options: string[] };
  labels: Record<string, string>;
  annotations: Record<string, string>;
  cgroupParent: string;
  hostNetwork: boolean;
  hostPid: boolean;
  hostIpc: boolean;
  shareProcessNamespace: boolean;
  /** A container in it is: others may not be in a sandbox that is not. */
  privileged: boolean;
  sysctls: Record<string, string>;
  /** User and group ids of the machine that are the pod's 0 and up; absent: it has the machine's own. */
  userNamespace?: IdRange;
  /** One of those the runtime is configured with; empty or absent for its default. */
  runtimeHandler?: string;
}

export interface ResourceLimits {
  cpuShares?: number;
  /** Microseconds of CPU per `cpuPeriodMicros`. */
  cpuQuotaMicros?: number;
  cpuPeriodMicros?: number;
  memoryLimitBytes?: number;
  oomScoreAdj?: number;
}

export interface Mount {
  containerPath: string;
  hostPath: string;
  readonly: boolean;
  /** What is mounted below it, too: where the runtime handler can do so, and for read-only ones without propagation. */
  recursiveReadOnly?: boolean;
  propagation: 'private' | 'hostToContainer' | 'bidirectional';
}

export interface SecurityContext {
  privileged: boolean;
  readonlyRootfs: boolean;
  noNewPrivileges: boolean;
  runAsUser?: number;
  runAsUsername?: string;
  runAsGroup?: number;
  supplementalGroups: number[];
  /** Without what the image says of the user's groups. */
  strictGroups?: boolean;
  addCapabilities: string[];
  dropCapabilities: string[];
  /** A profile of the node's own is named by its absolute path. */
  seccomp: { type: 'RuntimeDefault' | 'Unconfined' | 'Localhost'; localhostRef?: string };
  /** Absent uses the runtime's default masked and read-only paths. */
  procMount?: 'Unmasked';
}

export interface ContainerConfig {
  name: string;
  attempt: number;
  /** What ensureImage returned. */
  imageRef: string;
  /** As the pod states it. */
  image: string;
  /** Absent uses the image's entrypoint. */
  command?: string[];
  args?: string[];
  workingDir?: string;
  env: { name: string; value: string }[];
  mounts: Mount[];
  devices: { hostPath: string; containerPath: string; permissions: string }[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** Relative to the sandbox's log directory. */
  logPath: string;
  stdin: boolean;
  stdinOnce: boolean;
  tty: boolean;
  resources: ResourceLimits;
  security: SecurityContext;
  /** A container of the same sandbox whose processes this one sees. */
  pidOf?: string;
}

export interface SandboxInfo {
  id: string;
  name: string;
  namespace: string;
  uid: string;
  attempt: number;
  state: 'ready' | 'notReady';
  createdAtMs: number;
  /** Empty with host networking or before the network is up. */
  ips: string[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

export interface ContainerInfo {
  id: string;
  sandboxId: string;
  name: string;
  attempt: number;
  state: 'created' | 'running' | 'exited' | 'unknown';
  image: string;
  imageRef: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  createdAtMs: number;
  startedAtMs: number;
  finishedAtMs: number;
  exitCode: number;
  /** `OOMKilled`, `Completed`, `Error` … as the runtime says. */
  reason: string;
  message: string;
  logPath: string;
  /** That its first process began with; absent where the runtime does not tell. */
  user?: { uid: number; gid: number; supplementalGroups: number[] };
}

export interface ImageInfo {
  id: string;
  repoTags: string[];
  repoDigests: string[];
  sizeBytes: number;
  /** The image's USER: a number or a name, when set. */
  uid?: number;
  username?: string;
}

export interface ContainerStats {
  containerId: string;
  podUid: string;
  name: string;
  atMs: number;
  cpuUsageNanoseconds: number;
  memoryWorkingSetBytes: number;
  /** With what the kernel could take back, as files read; the working set where the runtime does not tell. */
  memoryUsageBytes: number;
  /** Writable layer. */
  filesystemUsedBytes: number;
  filesystemUsedInodes: number;
}

export interface RegistryAuth {
  username: string;
  password: string;
  server?: string;
}

/** Something happened to a container or sandbox; the agent looks again, so losing one costs time and nothing else. */
export interface RuntimeEvent {
  type: 'created' | 'started' | 'stopped' | 'deleted' | 'oom';
  containerId: string;
  sandboxId: string;
}

export interface ExecOptions {
  command: string[];
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

/** An interactive process. With a TTY, stderr is absent. Streams end when the process does. */
export interface ExecSession {
  stdin?: Writable;
  stdout?: Readable;
  stderr?: Readable;
  resize(width: number, height: number): void;
  /** Resolves with the exit code; attach sessions resolve with 0 when detached. */
  exit: Promise<number>;
  close(): void;
}

/** One way of running containers, such as runc: what RuntimeClasses choose from. */
export interface RuntimeHandler {
  /** Empty for the one that runs pods that choose none. */
  name: string;
  recursiveReadOnlyMounts: boolean;
  userNamespaces: boolean;
}

export interface RuntimeHealth {
  /** Absent means healthy; a string says what is wrong. */
  runtime?: string;
  network?: string;
  /** In the order of their names. Absent where the runtime does not say what it can do: containerd does since 2.0. */
  handlers?: RuntimeHandler[];
  supplementalGroupsPolicy?: boolean;
}

export interface Runtime {
  version(): Promise<{ name: string; version: string }>;
  health(): Promise<RuntimeHealth>;
  runSandbox(config: SandboxConfig): Promise<string>;
  stopSandbox(id: string): Promise<void>;
  removeSandbox(id: string): Promise<void>;
  /** With IP addresses. */
  sandboxStatus(id: string): Promise<SandboxInfo | undefined>;
  /** Without IP addresses, which only sandboxStatus knows. */
  listSandboxes(): Promise<SandboxInfo[]>;
  createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): Promise<string>;
  startContainer(id: string): Promise<void>;
  /** Sends the image's stop signal, and SIGKILL after the grace period. Done when the container has ended. */
  stopContainer(id: string, graceSeconds: number): Promise<void>;
  removeContainer(id: string): Promise<void>;
  containerStatus(id: string): Promise<ContainerInfo | undefined>;
  /** Without exit details, which only containerStatus knows. */
  listContainers(): Promise<ContainerInfo[]>;
  updateResources(id: string, resources: ResourceLimits): Promise<void>;
  execSync(id: string, command: string[], timeoutSeconds: number): Promise<{ exitCode: number; stdout: Buffer; stderr: Buffer }>;
  exec(id: string, options: ExecOptions): Promise<ExecSession>;
  attach(id: string, options: Omit<ExecOptions, 'command'>): Promise<ExecSession>;
  /** A byte stream to a TCP port inside the sandbox's network. @throws when nothing listens. */
  portForward(sandboxId: string, port: number): Promise<import('node:stream').Duplex>;
  reopenLog(id: string): Promise<void>;
  imageStatus(image: string): Promise<ImageInfo | undefined>;
  /** Returns the pulled image's reference. @throws ImagePullError. */
  pullImage(image: string, auth?: RegistryAuth): Promise<string>;
  listImages(): Promise<ImageInfo[]>;
  removeImage(image: string): Promise<void>;
  stats(): Promise<ContainerStats[]>;
  /** Events from now on, until the signal aborts; ends when the runtime's connection does. */
  events(signal: AbortSignal): AsyncIterable<RuntimeEvent>;
}

export class ImagePullError extends Error {
  constructor(image: string, detail: string, options?: ErrorOptions) {
    super(`failed to pull image ${JSON.stringify(image)}: ${detail}`, options);
    this.name = 'ImagePullError';
  }
}

/** The runtime cannot be reached; the agent keeps its state and tries again. */
export class RuntimeUnavailableError extends Error {
  constructor(detail: string, options?: ErrorOptions) {
    super(`the container runtime cannot be reached: ${detail}`, options);
    this.name = 'RuntimeUnavailableError';
  }
}

/** The command was still running when its time was up; it has been killed. */
export class ExecTimeoutError extends Error {
  constructor(timeoutSeconds: number, options?: ErrorOptions) {
    super(`the command did not end within ${timeoutSeconds} s`, options);
    this.name = 'ExecTimeoutError';
  }
}
