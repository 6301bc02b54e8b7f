// What the runtime holds, by pod. Only ids are kept; states are asked for when a pod looks, so they are never stale.
// Runtime events say whom to wake, and a slow relist catches what an event stream lost.
import type { ContainerInfo, Runtime, RuntimeEvent, SandboxInfo } from '@berth/runtime';
import { labels } from './observed.ts';

interface PodIds {
  sandboxes: Set<string>;
  containers: Set<string>;
}

export class Inventory {
  readonly #runtime: Runtime;
  readonly #pods = new Map<string, PodIds>();
  readonly #owners = new Map<string, string>();
  #version = 0;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Another one once there are other containers. */
  get version(): number {
    return this.#version;
  }

  /** Learns everything anew. Returns the pods that the runtime knows, with their names. */
  async relist(): Promise<Map<string, { namespace: string; name: string }>> {
    const [sandboxes, containers] = await Promise.all([this.#runtime.listSandboxes(), this.#runtime.listContainers()]);
    const names = new Map<string, { namespace: string; name: string }>();
    for (const sandbox of sandboxes) {
      this.addSandbox(sandbox.uid, sandbox.id);
      names.set(sandbox.uid, { namespace: sandbox.namespace, name: sandbox.name });
    }
    for (const container of containers) {
      const uid = container.labels[labels.podUid] ?? this.#owners.get(container.sandboxId);
      if (uid) this.addContainer(uid, container.id);
    }
    return names;
  }

  addSandbox(uid: string, id: string): void {
    this.#of(uid).sandboxes.add(id);
    this.#owners.set(id, uid);
  }

  addContainer(uid: string, id: string): void {
    const { containers } = this.#of(uid);
    if (!containers.has(id)) this.#version++;
    containers.add(id);
    this.#owners.set(id, uid);
  }

  /** Whose event this is. */
  owner(event: RuntimeEvent): string | undefined {
    return this.#owners.get(event.containerId) ?? this.#owners.get(event.sandboxId);
  }

  async pod(uid: string): Promise<{ sandboxes: SandboxInfo[]; containers: ContainerInfo[] }> {
    const ids = this.#of(uid);
    const [sandboxes, containers] = await Promise.all([
      Promise.all([...ids.sandboxes].map(async (id) => ({ id, info: await this.#runtime.sandboxStatus(id) }))),
      Promise.all([...ids.containers].map(async (id) => ({ id, info: await this.#runtime.containerStatus(id) }))),
    ]);
    for (const { id, info } of sandboxes) if (!info) this.#drop(ids.sandboxes, id);
    for (const { id, info } of containers) if (!info) this.#drop(ids.containers, id);
    return { sandboxes: sandboxes.flatMap((s) => s.info ?? []), containers: containers.flatMap((c) => c.info ?? []) };
  }

  forget(uid: string): void {
    const ids = this.#of(uid);
    for (const id of [...ids.sandboxes, ...ids.containers]) this.#owners.delete(id);
    this.#pods.delete(uid);
  }

  #drop(ids: Set<string>, id: string): void {
    ids.delete(id);
    this.#owners.delete(id);
  }

  #of(uid: string): PodIds {
    const known = this.#pods.get(uid);
    if (known) return known;
    const fresh: PodIds = { sandboxes: new Set(), containers: new Set() };
    this.#pods.set(uid, fresh);
    return fresh;
  }
}
