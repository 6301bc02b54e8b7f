// A storage driver for tests: a real one over a real socket, whose volumes are tmpfs mounts. Each of its calls can be made to fail by any code, hang,
// lie, or do more than it says; what it holds can be compared with what the kernel has.
import { execFile } from 'node:child_process';
import { mkdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { csiPackage, type csiV1, type Input, registrationPackage, type registrationV1 } from '@berth/protocol';
import { mountsBelow } from '@berth/runtime';
import * as grpc from '@grpc/grpc-js';

const run = promisify(execFile);

export type Method = Uncapitalize<
  'NodeStageVolume' | 'NodeUnstageVolume' | 'NodePublishVolume' | 'NodeUnpublishVolume' | 'NodeExpandVolume'
>;

/** What the next call of a method does in place of what it should. */
export type Fault =
  | { code: grpc.status; isDone?: boolean }
  | { hangs: true; isDone?: boolean }
  /** Says that it is done. */
  | { lies: true };

export interface MockDriverOptions {
  name?: string;
  directory: string;
  registry: string;
  capabilities?: csiV1.NodeServiceCapabilityRPCType[];
  nodeInfo?: Input<csiV1.NodeGetInfoResponse>;
  versions?: string[];
  type?: string;
  endpoint?: string;
}

export class MockDriver {
  readonly name: string;
  readonly calls: { method: string; request: Record<string, unknown> }[] = [];
  readonly statuses: registrationV1.RegistrationStatus[] = [];
  /** By method and volume. */
  readonly faults = new Map<string, Fault>();
  readonly staged = new Map<string, Set<string>>();
  readonly published = new Map<string, Set<string>>();
  readonly #options: MockDriverOptions;
  #servers: grpc.Server[] = [];

  constructor(options: MockDriverOptions) {
    this.#options = options;
    this.name = options.name ?? 'mock.example.org';
  }

  get socket(): string {
    return join(this.#options.directory, `${this.name}.sock`);
  }

  get registration(): string {
    return join(this.#options.registry, `${this.name}-reg.sock`);
  }

  async start(): Promise<void> {
    const node = new grpc.Server();
    node.addService(serviceOf(csiPackage(), 'csi.v1.Node'), this.#node() as unknown as grpc.UntypedServiceImplementation);
    await listen(node, this.socket);
    const registrar = new grpc.Server();
    registrar.addService(
      serviceOf(registrationPackage(), 'pluginregistration.Registration'),
      this.#registrar() as unknown as grpc.UntypedServiceImplementation,
    );
    await listen(registrar, this.registration);
    this.#servers = [node, registrar];
  }

  /** As its process does when it ends: what is mounted stays. */
  async stop(): Promise<void> {
    for (const server of this.#servers) server.forceShutdown();
    this.#servers = [];
    await rm(this.registration, { force: true });
    await rm(this.socket, { force: true });
  }

  /** The next time that it is asked so of the volume. */
  fail(method: Method, volumeId: string, fault: Fault): void {
    this.faults.set(`${method} ${volumeId}`, fault);
  }

  callsOf(method: string): Record<string, unknown>[] {
    return this.calls.filter((call) => call.method === method).map(({ request }) => request);
  }

  #registrar(): registrationV1.RegistrationHandlers {
    const { versions = ['1.0.0'], type = 'CSIPlugin', endpoint = this.socket } = this.#options;
    return {
      getInfo: (_call, done) => done(null, { type, name: this.name, endpoint, supportedVersions: versions }),
      notifyRegistrationStatus: (call, done) => {
        this.statuses.push(call.request);
        done(null, {});
      },
    };
  }

  #node(): csiV1.NodeHandlers {
    const { capabilities = ['STAGE_UNSTAGE_VOLUME'], nodeInfo = { nodeId: 'mock-node' } } = this.#options;
    const serve =
      <Request extends object, Response>(method: string, act: (request: Request) => Promise<Response> | Response) =>
      (call: grpc.ServerUnaryCall<Request, Response>, done: grpc.sendUnaryData<Response>) => {
        this.calls.push({ method, request: call.request as Record<string, unknown> });
        const { volumeId = '' } = call.request as { volumeId?: string };
        void this.#serve(`${method} ${volumeId}`, () => act(call.request), done);
      };
    return {
      nodeGetInfo: serve('nodeGetInfo', () => nodeInfo),
      nodeGetCapabilities: serve('nodeGetCapabilities', () => ({ capabilities: capabilities.map((type) => ({ rpc: { type } })) })),
      nodeStageVolume: serve('nodeStageVolume', (request) => this.#stage(request)),
      nodeUnstageVolume: serve('nodeUnstageVolume', (request) => this.#unstage(request)),
      nodePublishVolume: serve('nodePublishVolume', (request) => this.#publish(request)),
      nodeUnpublishVolume: serve('nodeUnpublishVolume', (request) => this.#unpublish(request)),
      nodeGetVolumeStats: serve('nodeGetVolumeStats', () => ({
        usage: [
          { unit: 'BYTES', total: 1000, available: 600, used: 400 },
          { unit: 'INODES', total: 10, available: 7, used: 3 },
        ],
        volumeCondition: { abnormal: true, message: 'it creaks' },
      })),
      nodeExpandVolume: serve('nodeExpandVolume', (request) => ({ capacityBytes: request.capacityRange?.requiredBytes ?? 0 })),
    };
  }

  async #serve<Response>(key: string, act: () => Promise<Response> | Response, done: grpc.sendUnaryData<Response>): Promise<void> {
    const fault = this.faults.get(key);
    this.faults.delete(key);
    try {
      if (!fault) return done(null, await act());
      if ('lies' in fault) return done(null, {} as Response);
      if (fault.isDone) await act();
      if ('code' in fault) done({ code: fault.code, details: `${key} was told to fail` });
    } catch (error) {
      done({ code: grpc.status.INTERNAL, details: (error as Error).message });
    }
  }

  async #stage({ volumeId, stagingTargetPath, volumeCapability }: csiV1.NodeStageVolumeRequest): Promise<object> {
    if (volumeCapability?.mount && !(await isMounted(stagingTargetPath))) await mountTmpfs(volumeId, stagingTargetPath);
    add(this.staged, volumeId, stagingTargetPath);
    return {};
  }

  async #unstage({ volumeId, stagingTargetPath }: csiV1.NodeUnstageVolumeRequest): Promise<object> {
    if (await isMounted(stagingTargetPath)) await run('umount', [stagingTargetPath]);
    remove(this.staged, volumeId, stagingTargetPath);
    return {};
  }

  async #publish(request: csiV1.NodePublishVolumeRequest): Promise<object> {
    const { volumeId, stagingTargetPath, targetPath, volumeCapability } = request;
    if (stagingTargetPath && volumeCapability?.mount && !this.staged.get(volumeId)?.has(stagingTargetPath))
      throw new Error('the volume is not staged');
    if (volumeCapability?.block) {
      // Any block device does: it is only looked at.
      if (!(await isMounted(targetPath))) {
        await writeFile(targetPath, '');
        await run('mount', ['--bind', await anyBlockDevice(), targetPath]);
      }
    } else if (!(await isMounted(targetPath))) {
      await mkdir(targetPath, { recursive: true });
      if (stagingTargetPath) await run('mount', ['--bind', stagingTargetPath, targetPath]);
      else await mountTmpfs(volumeId, targetPath);
    }
    add(this.published, volumeId, targetPath);
    return {};
  }

  async #unpublish({ volumeId, targetPath }: csiV1.NodeUnpublishVolumeRequest): Promise<object> {
    if (await isMounted(targetPath)) await run('umount', [targetPath]);
    await rmdir(targetPath).catch(() => rm(targetPath, { force: true }));
    remove(this.published, volumeId, targetPath);
    return {};
  }
}

/** A device that is there for the test, of whatever kind the kernel gives. */
let blockDevice: Promise<string> | undefined;
function anyBlockDevice(): Promise<string> {
  blockDevice ??= run('sh', ['-c', 'for d in /dev/* /dev/*/*; do [ -b "$d" ] && echo "$d" && exit 0; done; exit 1']).then(({ stdout }) =>
    stdout.trim(),
  );
  return blockDevice;
}

async function mountTmpfs(volumeId: string, path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', volumeId, path]);
}

async function isMounted(path: string): Promise<boolean> {
  return (await mountsBelow(path)).includes(path);
}

function serviceOf(root: grpc.GrpcObject, path: string): grpc.ServiceDefinition {
  const found = path.split('.').reduce<unknown>((item, part) => (item as grpc.GrpcObject)[part], root);
  return (found as grpc.ServiceClientConstructor).service;
}

async function listen(server: grpc.Server, socket: string): Promise<void> {
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(`unix://${socket}`, grpc.ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve())),
  );
}

function add(sets: Map<string, Set<string>>, key: string, value: string): void {
  sets.set(key, new Set([...(sets.get(key) ?? []), value]));
}

function remove(sets: Map<string, Set<string>>, key: string, value: string): void {
  sets.get(key)?.delete(value);
  if (sets.get(key)?.size === 0) sets.delete(key);
}
