// The address at which pods of one machine reach its API, and agents its gateway: on an interface without ports, and for this machine, its
// pods and its further nodes only. The API keeps to the loopback address otherwise, which no pod can reach and no endpoint may name.
import type { ClusterLayout } from './layout.ts';
import { deleteInterface, deleteTable, ensureBridge } from './machine-network.ts';
import { lanName } from './node-lan.ts';
import { runCommand } from './run-command.ts';

type Layout = Pick<ClusterLayout, 'instance' | 'podApiAddress'>;

const interfaceName = ({ instance }: Layout) => `berth-api-${instance}`;

/** Another machine may send packets for any address of this one: those that come from neither its pods nor itself are dropped. Pure. */
export function guardRules({ instance, podApiAddress }: Layout): string {
  const table = `berth-api-${instance}`;
  return `table ip ${table}
delete table ip ${table}
table ip ${table} {
  chain input {
    type filter hook input priority filter; policy accept;
    ip daddr ${podApiAddress} iifname != { "lo", "brth${instance}", "${lanName({ instance })}" } drop
  }
}
`;
}

/** The guard is there before the address is. Safe to repeat. */
export async function providePodApiAddress(layout: Layout): Promise<void> {
  const name = interfaceName(layout);
  await runCommand(['nft', '-f', '-'], { input: guardRules(layout) });
  await ensureBridge(name);
  await runCommand(['ip', 'address', 'replace', `${layout.podApiAddress}/32`, 'dev', name]);
  await runCommand(['ip', 'link', 'set', name, 'up']);
}

/** Safe to repeat. */
export async function removePodApiAddress(layout: Layout): Promise<void> {
  await deleteInterface(interfaceName(layout));
  await deleteTable(interfaceName(layout));
}
