// The smallest valid object of every core, discovery, coordination and events kind.

import type { Lease } from '../generated/coordination-v1.types.ts';
import type * as core from '../generated/core-v1.types.ts';
import type { EndpointSlice } from '../generated/discovery-v1.types.ts';
import { sampleClaim, sampleConfigMap, samplePod, sampleSecret, sampleService, sampleVolume } from '../samples.ts';

const metadata = { name: 'sample', namespace: 'default' };
const labels = { app: 'web' };
const v1 = { apiVersion: 'v1' };

export const coreSamples = {
  ConfigMap: () => sampleConfigMap({ data: { a: '1' } }),
  Endpoints: (): core.Endpoints => ({
    ...v1,
    kind: 'Endpoints',
    metadata,
    subsets: [{ addresses: [{ ip: '10.1.1.1' }], ports: [{ port: 80 }] }],
  }),
  EndpointSlice: (): EndpointSlice => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata,
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.1.1.1'] }],
    ports: [{ name: 'http', port: 80 }],
  }),
  Event: (): core.Event => ({
    ...v1,
    kind: 'Event',
    metadata,
    involvedObject: { kind: 'Pod', namespace: 'default', name: 'web' },
    reason: 'Started',
    message: 'Started container web',
    type: 'Normal',
  }),
  Lease: (): Lease => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata,
    spec: { holderIdentity: 'a', leaseDurationSeconds: 15 },
  }),
  LimitRange: (): core.LimitRange => ({
    ...v1,
    kind: 'LimitRange',
    metadata,
    spec: { limits: [{ type: 'Container', max: { cpu: '1' } }] },
  }),
  Namespace: (): core.Namespace => ({ ...v1, kind: 'Namespace', metadata: { name: 'sample' }, spec: {} }),
  Node: (): core.Node => ({ ...v1, kind: 'Node', metadata: { name: 'sample' }, spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } }),
  PersistentVolume: () => sampleVolume(),
  PersistentVolumeClaim: () => sampleClaim(),
  Pod: () => samplePod(),
  PodTemplate: (): core.PodTemplate => ({
    ...v1,
    kind: 'PodTemplate',
    metadata,
    template: { metadata: { name: '', labels }, spec: { containers: [{ name: 'web', image: 'nginx' }] } },
  }),
  ReplicationController: (): core.ReplicationController => ({
    ...v1,
    kind: 'ReplicationController',
    metadata,
    spec: { selector: labels, template: { metadata: { name: '', labels }, spec: { containers: [{ name: 'web', image: 'nginx' }] } } },
  }),
  ResourceQuota: (): core.ResourceQuota => ({ ...v1, kind: 'ResourceQuota', metadata, spec: { hard: { pods: '10', 'limits.cpu': '4' } } }),
  Secret: () => sampleSecret({ data: { a: 'YQ==' } }),
  Service: () => sampleService(),
  ServiceAccount: (): core.ServiceAccount => ({ ...v1, kind: 'ServiceAccount', metadata }),
};
