// npm run bench -- network: what a change of services costs a node that has 1,000 of them with ten endpoints each. Latency is that of the data path: from
// an endpoint's change, as the agent is sent it, to the first connection that the new one answers. Goals: p99 under 50 ms and 2 ms of CPU a change, where
// the baseline is nft replacing the table as a whole; 200 policies over 500 pods in force within 1 s; 0.95 of the connections a second that
// there are without a service. All of it is in a network namespace of its own. The machine's load is said, as it decides most of it.
import { loadavg } from 'node:os';
import { join } from 'node:path';
import type { DebianPackage } from '../../tools/cluster/debian.ts';
import { NetworkLab } from '../integration/network-lab/lab.ts';

export const packages: DebianPackage[] = ['nftables', 'containernetworking-plugins'];

export async function run(): Promise<object> {
  await using lab = await NetworkLab.create('bench');
  const settings = { podCidr: '10.244.7.0/24', serviceCidr: '10.96.0.0/16', clusterDns: '10.96.0.10', clusterDomain: 'cluster.local' };
  await lab.call({ method: 'configure', settings });
  const addresses: string[] = [];
  for (const name of ['a', 'b']) {
    addresses.push(await lab.addPod(name));
    await lab.serve(name, 8080, name);
  }
  // From here on the agent is the benchmark's own.
  await lab.call({ method: 'stop' });
  const loadBefore = loadavg().map((load) => Math.round(load));
  const script = join(import.meta.dirname, 'support', 'network-node.ts');
  const measured = JSON.parse(await lab.run(process.execPath, [script, ...addresses, JSON.stringify(settings)], { timeoutMs: 300_000 }));
  return { benchmark: 'network', ...measured, load: { before: loadBefore, after: loadavg().map((load) => Math.round(load)) } };
}
