// A name server in a process of its own, so that a test can see what it costs. `many.ns.svc.cluster.local` has a hundred addresses.
import { silentLogger, systemClock } from '@berth/telemetry';
import { DnsServer } from '../../../apps/node-agent/src/network/dns/dns-server.ts';
import { defaultTcpLimits } from '../../../apps/node-agent/src/network/dns/tcp-connections.ts';
import { Upstream } from '../../../apps/node-agent/src/network/dns/upstream.ts';
import { buildZone } from '../../../apps/node-agent/src/network/dns/zone.ts';

const [address = '', port = ''] = process.argv.slice(2);
const zone = buildZone(
  'cluster.local',
  [{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'many', namespace: 'ns' }, spec: { clusterIP: 'None' } }],
  [
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'many-x', namespace: 'ns', labels: { 'kubernetes.io/service-name': 'many' } },
      addressType: 'IPv4',
      endpoints: Array.from({ length: 100 }, (_, index) => ({ addresses: [`10.244.1.${index + 1}`], conditions: { ready: true } })),
    },
  ],
);
await new DnsServer({
  address,
  port: Number(port),
  zone: () => zone,
  upstream: new Upstream([], systemClock),
  clock: systemClock,
  logger: silentLogger,
  tcpLimits: { ...defaultTcpLimits, idleMs: 2_000 },
}).start();
// The test is gone.
process.on('disconnect', () => process.exit());
process.send?.({ ready: true });
