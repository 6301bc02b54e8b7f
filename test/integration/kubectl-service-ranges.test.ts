// What people see of ServiceCIDRs and IPAddresses through kubectl: the default range, a further one, addresses by hand, and
// the deletion of a range that is in use.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KubectlCluster } from './kubectl-cluster.ts';

let cluster: KubectlCluster;
beforeAll(async () => {
  cluster = await KubectlCluster.start(['api', 'controllers'], { serviceCidr: '10.96.0.0/29', clusterDns: '10.96.0.2' });
});
afterAll(() => cluster.stop());

async function kubectl(line: string, input = ''): Promise<string> {
  const { stdout, stderr } = await cluster.run(line.split(' '), { input });
  return (stderr + stdout).trimEnd();
}

const apply = (kind: string, name: string, spec: object) =>
  kubectl('apply -f -', JSON.stringify({ apiVersion: 'networking.k8s.io/v1', kind, metadata: { name }, spec }));
const service = (name: string, ip = '') => kubectl(`create service clusterip ${name} --tcp=80${ip && ` --clusterip=${ip}`}`);

test('the default range is there, is ready, and its address objects say whose they are', async () => {
  expect(await kubectl('wait --for=condition=Ready servicecidr/kubernetes --timeout=10s')).toBe(
    'servicecidr.networking.k8s.io/kubernetes condition met',
  );
  expect(await kubectl('get servicecidr')).toMatch(/^NAME +CIDRS +AGE\nkubernetes +10\.96\.0\.0\/29 +\S+$/);
  await kubectl(
    'wait --for=jsonpath={.metadata.finalizers[0]}=networking.k8s.io/service-cidr-finalizer servicecidr/kubernetes --timeout=10s',
  );
  expect(await kubectl('get servicecidr kubernetes -o jsonpath={.metadata.finalizers}')).toBe(
    '["networking.k8s.io/service-cidr-finalizer"]',
  );
  expect(await kubectl('get ipaddress')).toBe('NAME        PARENTREF\n10.96.0.1   services/default/kubernetes');
  expect(JSON.parse(await kubectl('get ip 10.96.0.1 -o jsonpath={.metadata.labels}'))).toEqual({
    'ipaddress.kubernetes.io/ip-family': 'IPv4',
    'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
  });
});

test('an address by hand is a reservation, and a further range gives room when the first is full', async () => {
  const parentRef = { group: 'gateway.networking.k8s.io', resource: 'gateways', namespace: 'default', name: 'edge' };
  expect(await apply('IPAddress', '10.96.0.6', { parentRef })).toBe('ipaddress.networking.k8s.io/10.96.0.6 created');
  expect(await service('edge', '10.96.0.6')).toMatch(/failed to allocate IP 10\.96\.0\.6: provided IP is already allocated$/);
  for (const name of ['a', 'b', 'c']) expect(await service(name)).toBe(`service/${name} created`);
  expect(await service('d')).toMatch(/failed to allocate a serviceIP: range is full$/);
  expect(await apply('ServiceCIDR', 'more', { cidrs: ['10.100.0.0/24'] })).toBe('servicecidr.networking.k8s.io/more created');
  await kubectl('wait --for=condition=Ready servicecidr/more --timeout=10s');
  expect(await service('d')).toBe('service/d created');
  const ip = await kubectl('get service d -o jsonpath={.spec.clusterIP}');
  expect(ip).toMatch(/^10\.100\.0\.\d+$/);
  expect(await kubectl(`get ip ${ip} --no-headers`)).toMatch(/ services\/default\/d$/);
  expect(await service('wish', '10.101.0.1')).toMatch(/10\.101\.0\.1: the provided network does not match the current range$/);
});

test('an address object that was deleted comes back, with an event', async () => {
  const ip = await kubectl('get service d -o jsonpath={.spec.clusterIP}');
  expect(await kubectl(`delete ip ${ip}`)).toBe(`ipaddress.networking.k8s.io "${ip}" deleted`);
  await kubectl(`wait --for=create ip/${ip} --timeout=10s`);
  expect(await kubectl(`get ip ${ip} --no-headers`)).toMatch(/ services\/default\/d$/);
  expect(await kubectl('get events --field-selector=reason=ClusterIPNotAllocated')).toMatch(
    new RegExp(`Warning +ClusterIPNotAllocated +service/d +Cluster IP \\[IPv4\\]: ${ip} is not allocated; repairing`),
  );
});

test('a range in use waits for its last address, and then goes', async () => {
  expect(await kubectl('delete servicecidr more --wait=false')).toBe('servicecidr.networking.k8s.io "more" deleted');
  await kubectl('wait --for=condition=Ready=false servicecidr/more --timeout=10s');
  expect(await kubectl('get servicecidr more -o jsonpath={.status.conditions[0].reason}')).toBe('Terminating');
  expect(await service('late', '10.100.0.9')).toMatch(/10\.100\.0\.9: the provided network does not match the current range$/);
  expect(await kubectl('delete service d')).toBe('service "d" deleted from default namespace');
  expect(await kubectl('wait --for=delete servicecidr/more --timeout=15s')).toBe('servicecidr.networking.k8s.io/more condition met');
  expect(await kubectl('get ip -o name')).not.toContain('10.100.');
});

test('a range of IPv6 is accepted, and kubectl shows the warning', async () => {
  expect(await apply('ServiceCIDR', 'six', { cidrs: ['fd00::/112'] })).toBe(
    'Warning: spec.cidrs[0]: Berth gives services IPv4 addresses only; none is taken from this range\nservicecidr.networking.k8s.io/six created',
  );
});
