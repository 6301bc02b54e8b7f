// An object of the past as it can be applied again: without what the server, a controller or the scheduler said of the one that was, and
// which another one would not be allowed to have, or would wait for in vain.
import { deepClone, isRecord, type KubeObject } from '@berth/machinery';

export interface Today {
  /** The object as it is today, where there is one of the name. */
  existing?: KubeObject | undefined;
  /** What services of today have: addresses, and node ports as text. */
  taken?: ReadonlySet<string>;
}

const metadataKept = ['name', 'namespace', 'labels', 'annotations', 'finalizers'];
/** Of a deletion that had begun, and those that the server puts there itself. */
const ownFinalizers = /^(?:foregroundDeletion|orphan|kubernetes\.io\/.*|.*\.kubernetes\.io\/.*)$/;
const ownAnnotations = [
  'kubectl.kubernetes.io/last-applied-configuration',
  'deployment.kubernetes.io/revision',
  'deprecated.daemonset.template.generation',
  'pv.kubernetes.io/bind-completed',
  'pv.kubernetes.io/bound-by-controller',
  'volume.kubernetes.io/selected-node',
  'volume.kubernetes.io/storage-provisioner',
  'volume.beta.kubernetes.io/storage-provisioner',
];
const jobLabels = ['controller-uid', 'job-name', 'batch.kubernetes.io/controller-uid', 'batch.kubernetes.io/job-name'];

type Fields = Record<string, unknown>;

export function portableObject(past: KubeObject, today: Today = {}): KubeObject {
  const { apiVersion, kind, metadata, ...rest } = deepClone(past) as KubeObject & Fields;
  delete rest.status;
  const object = { apiVersion, kind, metadata: portableMetadata(metadata), ...rest } as KubeObject & Fields;
  const spec = isRecord(object.spec) ? object.spec : {};
  const existingSpec = (today.existing as Fields | undefined)?.spec;
  const now = isRecord(existingSpec) ? existingSpec : undefined;
  if (kind === 'Pod') without(spec, 'nodeName', 'priority', 'ephemeralContainers');
  if (kind === 'Service') freeAddresses(spec, now, today.taken ?? new Set());
  if (kind === 'Job') withoutJobIdentity(object, spec);
  if (kind === 'PersistentVolumeClaim' && spec.volumeName !== now?.volumeName) without(spec, 'volumeName');
  if (kind === 'PersistentVolume' && isRecord(spec.claimRef)) without(spec.claimRef, 'uid', 'resourceVersion');
  if (kind === 'ServiceAccount') without(object, 'secrets');
  return object;
}

function portableMetadata(metadata: KubeObject['metadata']): KubeObject['metadata'] {
  const kept = Object.fromEntries(Object.entries(metadata).filter(([name]) => metadataKept.includes(name))) as KubeObject['metadata'];
  const finalizers = (kept.finalizers ?? []).filter((finalizer) => !ownFinalizers.test(finalizer));
  const annotations = Object.entries(kept.annotations ?? {}).filter(([name]) => !ownAnnotations.includes(name));
  const { finalizers: _finalizers, annotations: _annotations, ...others } = kept;
  return {
    ...others,
    ...(annotations.length > 0 && { annotations: Object.fromEntries(annotations) }),
    ...(finalizers.length > 0 && { finalizers }),
  };
}

function without(object: object, ...names: string[]): void {
  for (const name of names) delete (object as Fields)[name];
}

/** An address stays where nobody else has it today; a service that is there keeps the one that it has. */
function freeAddresses(spec: Fields, now: Fields | undefined, taken: ReadonlySet<string>): void {
  const { clusterIP } = spec;
  const isLost = typeof clusterIP === 'string' && clusterIP !== 'None' && (now ? now.clusterIP !== clusterIP : taken.has(clusterIP));
  if (isLost) without(spec, 'clusterIP', 'clusterIPs');
  const own = new Set(portsOf(now).map(({ nodePort }) => String(nodePort)));
  for (const port of portsOf(spec)) if (taken.has(String(port.nodePort)) && !own.has(String(port.nodePort))) delete port.nodePort;
}

function portsOf(spec: Fields | undefined): Fields[] {
  return Array.isArray(spec?.ports) ? spec.ports.filter(isRecord) : [];
}

/** Another job of the name has another uid, by which it finds its pods. */
function withoutJobIdentity(object: KubeObject, spec: Fields): void {
  if (spec.manualSelector === true) return;
  without(spec, 'selector');
  const template = isRecord(spec.template) && isRecord(spec.template.metadata) ? spec.template.metadata : undefined;
  for (const metadata of [object.metadata, template]) if (isRecord(metadata?.labels)) without(metadata.labels, ...jobLabels);
}

/** What services of today have, for `Today.taken`. */
export function takenByServices(services: readonly KubeObject[]): Set<string> {
  const specs = services.map((service) => (service as KubeObject & Fields).spec).filter(isRecord);
  const addresses = specs.flatMap(({ clusterIP, clusterIPs }) => [clusterIP, ...(Array.isArray(clusterIPs) ? clusterIPs : [])]);
  const ports = specs.flatMap((spec) => portsOf(spec).map(({ nodePort }) => nodePort));
  return new Set([...addresses, ...ports].filter((value) => value !== undefined).map(String));
}
