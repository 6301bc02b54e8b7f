// What the agent says of a pod in its trace: each time that it brings the pod in line, and below that what it asked of the runtime.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Pod } from '@berth/api';
import type { Runtime } from '@berth/runtime';
import type { SpanContext, Tracer } from '@berth/telemetry/tracing';

/** By method: what changes something. The names are CRI's. */
const calls: Partial<Record<keyof Runtime, string>> = {
  runSandbox: 'runtime.v1.RuntimeService/RunPodSandbox',
  stopSandbox: 'runtime.v1.RuntimeService/StopPodSandbox',
  removeSandbox: 'runtime.v1.RuntimeService/RemovePodSandbox',
  createContainer: 'runtime.v1.RuntimeService/CreateContainer',
  startContainer: 'runtime.v1.RuntimeService/StartContainer',
  stopContainer: 'runtime.v1.RuntimeService/StopContainer',
  removeContainer: 'runtime.v1.RuntimeService/RemoveContainer',
  updateResources: 'runtime.v1.RuntimeService/UpdateContainerResources',
  pullImage: 'runtime.v1.ImageService/PullImage',
};

export class PodTracing {
  readonly #tracer: Tracer | undefined;
  /** Of the pod that asks; what goes on beside its worker, such as a pull, is its as well. */
  readonly #current = new AsyncLocalStorage<SpanContext>();

  /** @param tracer absent where nothing is traced */
  constructor(tracer: Tracer | undefined) {
    this.#tracer = tracer;
  }

  sync({ metadata }: Pod, step: () => Promise<void>): Promise<void> {
    if (!this.#tracer) return step();
    const { namespace = '', name = '', uid = '' } = metadata;
    const parent = this.#tracer.podContext(uid);
    if (!parent.isSampled) return step();
    const attributes = { 'k8s.namespace.name': namespace, 'k8s.pod.name': name, 'k8s.pod.uid': uid };
    return this.#tracer.during('syncPod', { parent, attributes }, ({ context }) => this.#current.run(context, step));
  }

  /** The same runtime, with spans of what pods ask of it. */
  traced(runtime: Runtime): Runtime {
    const tracer = this.#tracer;
    if (!tracer) return runtime;
    const wrapped = new Map<string | symbol, unknown>();
    for (const [method, name] of Object.entries(calls) as [Exclude<keyof Runtime, 'events'>, string][]) {
      const call = runtime[method].bind(runtime) as (...args: unknown[]) => Promise<unknown>;
      wrapped.set(method, (...args: unknown[]) => {
        const parent = this.#current.getStore();
        return parent ? tracer.during(name, { parent, kind: 'client' }, () => call(...args)) : call(...args);
      });
    }
    return new Proxy(runtime, {
      get: (target, name) => {
        if (wrapped.has(name)) return wrapped.get(name);
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  }
}
