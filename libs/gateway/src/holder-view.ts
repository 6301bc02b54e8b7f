// What each agent is sent of addresses of load balancers: those that its node announces. They come from one ConfigMap, and an agent is sent them
// only when they are others.
import { ConfigMap, heldAddresses, loadBalancerHolders } from '@berth/api';
import { deepEqual, keyOf } from '@berth/machinery';
import type { HeldAddresses } from '@berth/protocol';
import type { Subscribe } from './subscribe.ts';

export class HolderView {
  readonly #byNode = new Map<string, HeldAddresses>();
  readonly #changed: (nodeName: string) => void;

  constructor(changed: (nodeName: string) => void) {
    this.#changed = changed;
  }

  feed(subscribe: Subscribe): void {
    subscribe(ConfigMap, (configMap, gone) => {
      if (keyOf(configMap) === keyOf({ metadata: loadBalancerHolders })) this.#consider(configMap, gone ? {} : configMap.data);
    });
  }

  /** Undefined for a node that announces none. */
  of(nodeName: string): HeldAddresses | undefined {
    return this.#byNode.get(nodeName);
  }

  #consider({ metadata: { uid = '', resourceVersion = '' } }: ConfigMap, data: Record<string, string> = {}): void {
    for (const name of new Set([...this.#byNode.keys(), ...Object.keys(data)])) {
      const before = this.#byNode.get(name);
      const addresses = heldAddresses(data, name);
      if (deepEqual(before?.spec.addresses ?? [], addresses)) continue;
      const metadata = { name, uid, resourceVersion };
      if (addresses.length === 0) this.#byNode.delete(name);
      else this.#byNode.set(name, { apiVersion: 'berth.io/v1', kind: 'HeldAddresses', metadata, spec: { addresses } });
      this.#changed(name);
    }
  }
}
