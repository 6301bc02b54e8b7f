// Where it is kept which node announces which addresses of load balancers: the service controller writes it, and the gateway sends each node
// what concerns it.

/** A ConfigMap: addresses, separated by commas, by the name of the node. Absent where there are none. */
export const loadBalancerHolders = { namespace: 'kube-system', name: 'berth-load-balancer' } as const;

export function heldAddresses(data: Record<string, string> | undefined, node: string): string[] {
  return (data?.[node] ?? '').split(',').filter((address) => address !== '');
}
