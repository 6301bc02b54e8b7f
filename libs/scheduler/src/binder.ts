// Writes decisions: many at once, so that deciding does not wait for writing. Claims that wait for the decision get their
// node first, and the pod is bound once they have their volumes.
import { PersistentVolumeClaim, Pod } from '@berth/api';
import type { Client, Informer } from '@berth/client';
import type { Clock } from '@berth/telemetry';

const selectedNode = 'volume.kubernetes.io/selected-node';
/** As long as Kubernetes waits. */
const volumesMsMax = 600_000;

export class Binder {
  readonly #deps: { client: Client; clock: Clock; claims: Informer<PersistentVolumeClaim> };
  readonly #waiters = new Map<string, Set<() => void>>();
  /** Where claims get their volumes now, by their keys, and for how many pods. */
  readonly #chosen = new Map<string, { nodeName: string; pods: number }>();
  #stopped = false;

  constructor(deps: { client: Client; clock: Clock; claims: Informer<PersistentVolumeClaim> }) {
    this.#deps = deps;
    deps.claims.onChange((_type, { metadata }) => {
      for (const wake of this.#waiters.get(`${metadata.namespace}/${metadata.name}`) ?? []) wake();
    });
  }

  stop(): void {
    this.#stopped = true;
    for (const wakes of this.#waiters.values()) for (const wake of wakes) wake();
  }

  /** @throws StatusError Conflict when the pod has a node or is another one by now; Error when its claims get no volumes */
  async bind(pod: Pod, nodeName: string): Promise<void> {
    const { name, namespace, uid } = pod.metadata;
    await this.#deps.client.createSubresource(Pod, { name, ...(namespace && { namespace }) }, 'binding', {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace, uid },
      target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
    });
  }

  /**
   * A claim of two pods gets its volume where the first one's goes: the second is refused any other node, and decided on again.
   * @param keys claims as `namespace/name`
   */
  async provideVolumes(keys: string[], nodeName: string): Promise<void> {
    for (const key of keys) {
      const { nodeName: other } = this.#chosen.get(key) ?? { nodeName };
      if (other !== nodeName) throw new Error(`claim ${key} gets its volume on node ${other}, for another pod`);
    }
    for (const key of keys) this.#chosen.set(key, { nodeName, pods: (this.#chosen.get(key)?.pods ?? 0) + 1 });
    try {
      await this.#provide(keys, nodeName);
    } finally {
      for (const key of keys) {
        const { pods = 0 } = this.#chosen.get(key) ?? {};
        if (pods > 1) this.#chosen.set(key, { nodeName, pods: pods - 1 });
        else this.#chosen.delete(key);
      }
    }
  }

  async #provide(keys: string[], nodeName: string): Promise<void> {
    for (const key of keys) {
      const [namespace = '', name = ''] = key.split('/');
      const patch = { metadata: { annotations: { [selectedNode]: nodeName } } };
      await this.#deps.client.patch(PersistentVolumeClaim, { namespace, name }, 'merge', patch);
    }
    await Promise.all(keys.map((key) => this.#whenBound(key, nodeName)));
  }

  #whenBound(key: string, nodeName: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const wakes = this.#waiters.get(key) ?? new Set();
      this.#waiters.set(key, wakes);
      const end = (error?: Error) => {
        timer.cancel();
        wakes.delete(check);
        if (wakes.size === 0) this.#waiters.delete(key);
        if (error) reject(error);
        else resolve();
      };
      const timer = this.#deps.clock.after(volumesMsMax, () =>
        end(new Error(`binding volumes: timed out waiting for claim ${key}: see its events for what its provisioner says`)),
      );
      let wasChosen = false;
      const check = () => {
        const claim = this.#deps.claims.get(key);
        if (this.#stopped) return end(new Error('the scheduler is stopping'));
        if (!claim && wasChosen) return end(new Error(`persistentvolumeclaim "${key.slice(key.indexOf('/') + 1)}" not found`));
        if (claim?.status?.phase === 'Bound' && claim.spec.volumeName) return end();
        // A provisioner that cannot use the node takes the choice back, for another decision.
        const chosen = claim?.metadata.annotations?.[selectedNode];
        if (wasChosen && chosen !== nodeName) return end(new Error(`the provisioner of claim ${key} refused node ${nodeName}`));
        wasChosen ||= chosen === nodeName;
      };
      wakes.add(check);
      check();
    });
  }
}
