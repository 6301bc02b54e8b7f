// Two pods of a node cannot have the same port of the host; an address of all addresses clashes with every other.
import { type LocalPlugin, resolvable } from '../plugin.ts';
import type { HostPort } from '../pod-facts.ts';

const refusal = resolvable("node(s) didn't have free ports for the requested pod ports");
const every = '0.0.0.0';

export const nodePorts: LocalPlugin = {
  name: 'NodePorts',
  filter(pod, node) {
    if (pod.hostPorts.length === 0) return undefined;
    return pod.hostPorts.some((port) => node.hostPorts.some((used) => hostPortsClash(port, used))) ? refusal : undefined;
  },
};

export function hostPortsClash(a: HostPort, b: HostPort): boolean {
  if (a.port !== b.port || a.protocol !== b.protocol) return false;
  return a.address === b.address || a.address === every || b.address === every;
}
