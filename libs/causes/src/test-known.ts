// Objects of a small shop for this library's tests, in few words.
import type { Event, Node, PersistentVolume, PersistentVolumeClaim, Pod, PodStatus } from '@berth/api';
import type { Known } from './why.ts';

export const now = Date.parse('2026-11-23T03:00:00Z');
export const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();
export const nothing: Known = {
  now,
  pods: [],
  replicaSets: [],
  deployments: [],
  statefulSets: [],
  daemonSets: [],
  jobs: [],
  cronJobs: [],
  autoscalers: [],
  budgets: [],
  ingresses: [],
  namespaces: [],
  claims: [],
  services: [],
  endpointSlices: [],
  events: [],
  nodes: [],
  volumes: [],
  classes: [],
  apiServices: [],
  validatingWebhooks: [],
  mutatingWebhooks: [],
  decisions: new Map(),
  lastLines: new Map(),
  changes: new Map(),
  certificates: new Map(),
  volumesFree: new Map(),
  certificateEnds: [],
  unread: new Set(),
};
export const node = (name: string, ready: 'True' | 'False' | 'Unknown' = 'True', spec: Node['spec'] = {}): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  spec,
  status: { conditions: [{ type: 'Ready', status: ready, lastHeartbeatTime: ago(300), message: '' }] },
});
export const n1 = node('n1');

export function pod(
  name: string,
  status: PodStatus,
  more: { spec?: Partial<Pod['spec']>; owner?: string; labels?: Record<string, string> } = {},
): Pod {
  const { spec, owner, labels = { app: 'web' } } = more;
  const ownerReferences = owner ? [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner, controller: true }] : [];
  const metadata = { namespace: 'shop', name, uid: name, labels, creationTimestamp: ago(600), ownerReferences };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: { containers: [{ name: 'main', image: 'x:1' }], nodeName: 'n1', ...spec },
    status,
  };
}

export const waiting = (reason: string, message = '', more: object = {}): PodStatus => ({
  phase: 'Pending',
  containerStatuses: [
    { name: 'main', image: 'x:1', imageID: '', ready: false, restartCount: 0, state: { waiting: { reason, message } }, ...more },
  ],
});
export const ready: PodStatus = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
export const event = (uid: string, reason: string, message: string, at = 10): Event => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: `${uid}-${reason}`, namespace: 'shop' },
  involvedObject: { uid },
  type: 'Warning',
  lastTimestamp: ago(at),
  ...{ reason, message },
});
export const pending = (name: string, spec: Partial<Pod['spec']> = {}) =>
  pod(name, { phase: 'Pending' }, { spec: { nodeName: undefined, ...spec } });

export const known = (more: Partial<Known>): Known => ({ ...nothing, nodes: [n1], ...more });

export function claim(name: string, storageClassName?: string, more: Partial<PersistentVolumeClaim['spec']> = {}): PersistentVolumeClaim {
  const spec = {
    storageClassName,
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '2Gi' } },
    ...more,
  } as PersistentVolumeClaim['spec'];
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { namespace: 'shop', name, uid: name },
    spec,
    status: { phase: 'Pending' },
  };
}
export const storageClass = (name: string, provisioner: string, volumeBindingMode = 'Immediate') => ({
  ...{ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name } },
  ...{ provisioner, volumeBindingMode },
});
export const volume = (name: string, spec: Partial<PersistentVolume['spec']>): PersistentVolume => ({
  ...{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name } },
  spec: { storageClassName: 'static', accessModes: ['ReadWriteOnce'], capacity: { storage: '5Gi' }, ...spec },
});
