// The addresses of a pod as its worker has seen them last. The rules of the node's network go by them, so another address is another rule.
import type { Pod } from '@berth/api';
import type { PodEnvironment } from './pod-environment.ts';

export class PodAddress {
  #ips: string[] | undefined;
  readonly #pod: Pod;
  readonly #env: Pick<PodEnvironment, 'hostIp' | 'addressChanged'>;

  /** @param adopted the pod may have an address that nobody has looked for yet */
  constructor(pod: Pod, adopted: boolean, env: Pick<PodEnvironment, 'hostIp' | 'addressChanged'>) {
    this.#ips = adopted ? undefined : [];
    this.#pod = pod;
    this.#env = env;
  }

  get isKnown(): boolean {
    return this.#ips !== undefined;
  }

  get ips(): string[] {
    return this.#ips ?? [];
  }

  /** @param sandboxIps as the runtime has them: none for pods in the node's network */
  note(sandboxIps: string[]): void {
    const before = this.#ips?.join();
    this.#ips = this.#pod.spec.hostNetwork ? [this.#env.hostIp] : sandboxIps;
    if (before !== this.#ips.join()) this.#env.addressChanged();
  }
}
