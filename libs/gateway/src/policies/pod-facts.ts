// What network policies go by in a pod: a pod's status is written many times in its life, and most of it is nothing to them.
import { isIPv4 } from 'node:net';
import { isTerminal, type Pod } from '@berth/api';
import { protocolOf, type SetSpec } from './compile-policy.ts';

export interface PodFacts {
  namespace: string;
  labels: Record<string, string>;
  nodeName: string;
  /** None of a pod in its node's network, which is not told from the node, and of one that has ended, whose address may be another's. */
  addresses: string[];
  /** Whether policies may select it. */
  isSelectable: boolean;
  ports: { name: string; protocol: string; number: number }[];
}

export function podFacts({ metadata, spec, status }: Pod): PodFacts {
  const isSelectable = !spec.hostNetwork && !isTerminal(status?.phase);
  const known = [status?.podIP ?? '', ...(status?.podIPs ?? []).map(({ ip }) => ip)];
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const ports = [...spec.containers, ...sidecars].flatMap((container) => container.ports ?? []);
  return {
    namespace: metadata.namespace ?? '',
    labels: metadata.labels ?? {},
    nodeName: spec.nodeName ?? '',
    addresses: isSelectable ? [...new Set(known.filter(isIPv4))] : [],
    isSelectable,
    ports: ports.flatMap(({ name, protocol, containerPort }) =>
      name ? [{ name, protocol: protocolOf(protocol), number: containerPort }] : [],
    ),
  };
}

/** What of a pod belongs into a set that it matches. */
export function elementsOf({ addresses, ports }: PodFacts, spec: SetSpec): string[] {
  if (spec.kind !== 'ports') return addresses;
  const named = ports.filter(({ name, protocol }) => name === spec.name && protocol === spec.protocol);
  return addresses.flatMap((address) => named.map(({ protocol, number }) => `${address} ${protocol} ${number}`));
}
