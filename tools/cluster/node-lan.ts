// The network between the nodes of one machine: a bridge that the machine itself is on as the first node, and a cable to the namespace
// of each further one. What they send into the world goes by the machine's address.
import { existsSync } from 'node:fs';
import type { ClusterLayout } from './layout.ts';
import { deleteInterface, deleteTable, ensureBridge, interfaceExists } from './machine-network.ts';
import { lanAddress, type NodeLayout } from './node-layout.ts';
import { runCommand } from './run-command.ts';

type Layout = Pick<ClusterLayout, 'instance'>;

/** The same for the bridge and the nft table. */
export const lanName = ({ instance }: Layout) => `berth-lan-${instance}`;
const prefixLength = 24;
const namespaceExists = (name: string) => existsSync(`/run/netns/${name}`);

/** Whoever is not on this network reaches neither this machine's address on it nor other nodes, but for pods behind node ports. Pure. */
export function lanRules(layout: Layout): string {
  const name = lanName(layout);
  const network = `${lanAddress(layout, 0)}/${prefixLength}`;
  return `table ip ${name}
delete table ip ${name}
table ip ${name} {
  chain input {
    type filter hook input priority filter; policy accept;
    ip daddr ${lanAddress(layout, 1)} iifname != { "lo", "${name}", "brth${layout.instance}" } drop
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname { "${name}", "brth${layout.instance}" } accept
    oifname "${name}" ct status dnat accept
    oifname "${name}" ct state new drop
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${network} oifname != { "${name}", "brth${layout.instance}", "lo" } masquerade
  }
}
`;
}

/** Safe to repeat. */
export async function provideLan(layout: Layout, nodes: NodeLayout[]): Promise<void> {
  const bridge = lanName(layout);
  await ensureBridge(bridge);
  await runCommand(['ip', 'address', 'replace', `${lanAddress(layout, 1)}/${prefixLength}`, 'dev', bridge]);
  await runCommand(['ip', 'link', 'set', bridge, 'up']);
  await runCommand(['nft', '-f', '-'], { input: lanRules(layout) });
  for (const { namespace, address } of nodes) if (namespace && address) await provideNamespace(layout, bridge, namespace, address);
}

async function provideNamespace(layout: Layout, bridge: string, namespace: string, address: string): Promise<void> {
  if (!namespaceExists(namespace)) await runCommand(['ip', 'netns', 'add', namespace]);
  // The cable is named after the namespace, and goes with it.
  if (!interfaceExists(namespace))
    await runCommand(['ip', 'link', 'add', namespace, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace]);
  await runCommand(['ip', 'link', 'set', namespace, 'master', bridge, 'up']);
  // What comes to a node port here may be for an endpoint of the node that it comes from. The kernel, which filters bridges for network policies,
  // then hands it back by the port that it came in at, or drops it where that is not allowed.
  await runCommand(['ip', 'link', 'set', namespace, 'type', 'bridge_slave', 'hairpin', 'on']);
  const within = (...command: string[]) => runCommand(['ip', '-n', namespace, ...command]);
  await within('link', 'set', 'lo', 'up');
  await within('address', 'replace', `${address}/${prefixLength}`, 'dev', 'eth0');
  await within('link', 'set', 'eth0', 'up');
  await within('route', 'replace', 'default', 'via', lanAddress(layout, 1));
}

/** Safe to repeat. */
export async function removeLan(layout: Layout, nodes: NodeLayout[]): Promise<void> {
  for (const { namespace } of nodes) {
    if (!namespace) continue;
    await deleteInterface(namespace);
    if (namespaceExists(namespace)) await runCommand(['ip', 'netns', 'delete', namespace]);
  }
  await deleteInterface(lanName(layout));
  await deleteTable(lanName(layout));
}
