// The node of a network lab: a HostNetwork inside the lab's own network namespace, told over IPC what to do.
import { jsonLogger, systemClock } from '@berth/telemetry';
import { HostNetwork } from '../../../apps/node-agent/src/network/host-network.ts';
import type { NetworkState, NodeNetwork } from '../../../apps/node-agent/src/network/network.ts';
import type { PodNetworkMode } from '../../../apps/node-agent/src/network/pod-routes-plan.ts';

/** One of these at a time; each is answered once. */
export type NodeCall =
  | { method: 'configure'; settings: Parameters<NodeNetwork['configure']>[0] }
  | { method: 'sync'; state: NetworkState }
  | { method: 'policiesInForce' }
  | { method: 'stop' }
  /** After a stop: a new agent, that knows nothing yet. */
  | { method: 'restart' }
  | { method: 'tearDown' }
  /** As a new process would after the agent was killed. */
  | { method: 'tearDownByName' };

const [instance = '', directory = '', nodeIp = '', mode = ''] = process.argv.slice(2);
const options = {
  instance,
  nodeName: `node-${instance}`,
  nodeIp,
  podNetwork: mode as PodNetworkMode,
  cniConfigDirectory: `${directory}/cni`,
  stateDirectory: `${directory}/state`,
  clock: systemClock,
  logger: jsonLogger(systemClock, 'warn', (line) => process.stderr.write(line)),
};
let network = new HostNetwork(options);

async function perform(call: NodeCall): Promise<void> {
  if (call.method === 'configure') await network.configure(call.settings);
  else if (call.method === 'sync') network.sync(call.state);
  else if (call.method === 'policiesInForce') await network.policiesInForce();
  else if (call.method === 'stop') await network.stop();
  else if (call.method === 'restart') network = new HostNetwork(options);
  else if (call.method === 'tearDown') await network.tearDown();
  else await new HostNetwork(options).tearDown();
}

process.on('message', (call: NodeCall) => {
  perform(call).then(
    () => process.send?.({}),
    (error: Error) => process.send?.({ error: error.message }),
  );
});
// The lab is gone.
process.on('disconnect', () => process.exit());
process.send?.({ ready: true });
