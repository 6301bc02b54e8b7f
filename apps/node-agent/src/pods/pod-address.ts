// The addresses of a pod as its worker has seen them last. The rules of the node's network go by them, so another address is another rule.
import type { Pod } from '@berth/api';
import type { PodEnvironment, PodNode, PodReports } from './pod-environment.ts';

export class PodAddress {
  #ips: string[] | undefined;
  readonly #pod: Pod;
  readonly #node: Pick<PodNode, 'hostIp'>;
  readonly #reports: Pick<PodReports, 'addressChanged'>;

  /** @param adopted the pod may have an address that nobody has looked for yet */
  constructor(pod: Pod, adopted: boolean, { node, reports }: Pick<PodEnvironment, 'node' | 'reports'>) {
    this.#ips = adopted ? undefined : [];
    this.#pod = pod;
    this.#node = node;
    this.#reports = reports;
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
    this.#ips = this.#pod.spec.hostNetwork ? [this.#node.hostIp] : sandboxIps;
    if (before !== this.#ips.join()) this.#reports.addressChanged();
  }
}
