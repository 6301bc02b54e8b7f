// The address at which pods of one machine reach its API, and agents its gateway: on an interface without ports, and for this machine, its
// pods and its further nodes only. The API keeps to the loopback address otherwise, which no pod can reach and no endpoint may name.
import { existsSync } from 'node:fs';
import type { ClusterLayout } from './layout.ts';
import { lanName } from './node-lan.ts';
import { runCommand } from './run-command.ts';

type Layout = Pick<ClusterLayout, 'instance' | 'podApiAddress'>;

const interfaceName = ({ instance }: Layout) => `berth-api-${instance}`;
const interfaceExists = (name: string) => existsSync(`/sys/class/net/${name}`);

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
  // A bridge without ports is a dummy that every kernel which runs pods can make.
  if (!interfaceExists(name)) await runCommand(['ip', 'link', 'add', name, 'type', 'bridge']);
  await runCommand(['ip', 'address', 'replace', `${layout.podApiAddress}/32`, 'dev', name]);
  await runCommand(['ip', 'link', 'set', name, 'up']);
}

/** Safe to repeat. */
export async function removePodApiAddress(layout: Layout): Promise<void> {
  const name = interfaceName(layout);
  if (interfaceExists(name)) await runCommand(['ip', 'link', 'delete', name]);
  const { stdout } = await runCommand(['nft', 'list', 'tables', 'ip']);
  if (stdout.split('\n').includes(`table ip ${name}`)) await runCommand(['nft', 'delete', 'table', 'ip', name]);
}
