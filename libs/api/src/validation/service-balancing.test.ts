import { describe, expect, test } from 'vitest';
import type { Service } from '../generated/core-v1.types.ts';
import { Service as Kind } from '../kinds/service.ts';

function service(spec: Partial<Service['spec']>, more: { annotations?: Record<string, string>; status?: Service['status'] } = {}): Service {
  const { annotations, status } = more;
  const made: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default', ...(annotations && { annotations }) },
    spec: { ports: [{ port: 80, protocol: 'TCP' }], ...spec },
    ...(status && { status }),
  };
  Kind.defaults(made);
  return made;
}

const errorsOf = (object: Service, old?: Service) => Kind.validate(object, old).map(({ field, detail }) => `${field}: ${detail}`);
const onlyBalanced = "may only be used when `type` is 'LoadBalancer'";
const rangesKey = 'service.beta.kubernetes.io/load-balancer-source-ranges';

describe('a service is refused', () => {
  test.each<[string, Service, string[]]>([
    [
      'ranges of who does not balance',
      service({ loadBalancerSourceRanges: ['10.0.0.0/8'] }),
      [`spec.LoadBalancerSourceRanges: ${onlyBalanced}`],
    ],
    [
      'what is no range, spaces around it aside',
      service({ type: 'LoadBalancer', loadBalancerSourceRanges: [' 10.0.0.0/8 ', '10.0.0.1'] }),
      ['spec.LoadBalancerSourceRanges[1]: must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
    ],
    [
      'a range in the annotation that is none',
      service({ type: 'LoadBalancer' }, { annotations: { [rangesKey]: '10.0.0.0/8, x' } }),
      [`metadata.annotations[${rangesKey}]: must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)`],
    ],
    ['a class of who does not balance', service({ loadBalancerClass: 'a/b' }), [`spec.loadBalancerClass: ${onlyBalanced}`]],
    [
      'node ports of who does not balance',
      service({ allocateLoadBalancerNodePorts: true }),
      [`spec.allocateLoadBalancerNodePorts: ${onlyBalanced}`],
    ],
    [
      'another distribution of its traffic',
      service({ trafficDistribution: 'Anywhere' }),
      ['spec.trafficDistribution: supported values: "PreferClose", "PreferSameZone", "PreferSameNode"'],
    ],
    [
      'a port for checks that nobody makes',
      service({ type: 'LoadBalancer', healthCheckNodePort: 30_000 }),
      ["spec.healthCheckNodePort: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"],
    ],
    [
      'addresses of a name elsewhere',
      service({ type: 'ExternalName', externalName: 'example.com', clusterIPs: ['10.96.0.9'], ipFamilies: ['IPv4'] }),
      ['spec.clusterIPs: may not be set for ExternalName services', 'spec.ipFamilies: may not be set for ExternalName services'],
    ],
  ])('%s', (_, given, expected) => {
    expect(errorsOf(given)).toEqual(expected);
  });
});

test('ranges that are there already may stay as they are', () => {
  const odd = service({ type: 'LoadBalancer', loadBalancerSourceRanges: ['odd'] });
  expect(errorsOf(odd, odd)).toEqual([]);
});

test('a port for checks goes with the policy that asked for it', () => {
  const checked = service({ type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 30_000 });
  const next = service({ type: 'LoadBalancer', externalTrafficPolicy: 'Cluster', healthCheckNodePort: 30_000 });
  Kind.strategy.prepareForUpdate?.(next, checked);
  expect(next.spec.healthCheckNodePort).toBeUndefined();
});

describe('a status is refused', () => {
  const balanced = service({ type: 'LoadBalancer' });
  const refusals = (ingress: object[], type = 'LoadBalancer') => {
    const next = service({ type }, { status: { loadBalancer: { ingress } } });
    return Kind.validateStatusUpdate(next, balanced).map(({ field, detail }) => `${field}: ${detail}`);
  };
  const first = 'status.loadBalancer.ingress[0]';

  test.each<[string, object, string[]]>([
    ['an address that is none', { ip: 'x', ipMode: 'VIP' }, [`${first}.ip: must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)`]],
    ['an unknown mode', { ip: '10.0.0.1', ipMode: 'Magic' }, [`${first}.ipMode: supported values: "Proxy", "VIP"`]],
    ['a mode without an address', { hostname: 'a.b', ipMode: 'VIP' }, [`${first}.ipMode: may not be specified when \`ip\` is not set`]],
    ['an address for a name', { hostname: '10.0.0.1' }, [`${first}.hostname: must be a DNS name, not an IP address`]],
  ])('%s', (_, ingress, expected) => {
    expect(refusals([ingress])).toEqual(expected);
  });

  test('addresses of who does not balance', () => {
    expect(refusals([{ ip: '10.0.0.1', ipMode: 'VIP' }], 'ClusterIP')).toEqual([
      "status.loadBalancer.ingress: may only be used when `spec.type` is 'LoadBalancer'",
    ]);
  });
});
