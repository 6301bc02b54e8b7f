// A pod as scheduling sees it, read once. Pods whose `shape` is equal are the same to every plugin, so that they share work.
import { countedSpec, type Pod, type PodResourceClaim, type PodSpec, podResourceClaims, volumeClaimNames } from '@berth/api';
import { keyOf } from '@berth/machinery';
import { type AffinityTerms, affinityTerms } from './affinity-terms.ts';
import { podRequests, type Resources, scoredRequests } from './resources.ts';

export interface HostPort {
  /** `0.0.0.0` is every address. */
  address: string;
  protocol: string;
  port: number;
}

export interface PodFacts {
  readonly pod: Pod;
  readonly uid: string;
  /** `namespace/name` */
  readonly key: string;
  readonly namespace: string;
  readonly labels: Record<string, string>;
  readonly requests: Resources;
  readonly scoredRequests: Resources;
  readonly hostPorts: HostPort[];
  readonly affinity: AffinityTerms;
  /** Uid of its controller. */
  readonly owner: string | undefined;
  readonly isTerminating: boolean;
  /** Of all that `shape` leaves out, what decides who yields to whom. */
  readonly priority: number;
  /** Names of the claims it mounts. */
  readonly claims: string[];
  /** Claims to devices. */
  readonly deviceClaims: PodResourceClaim[];
  readonly shape: string;
}

export function podFacts(pod: Pod): PodFacts {
  const { metadata } = pod;
  const counted = countedSpec(pod);
  return {
    pod,
    uid: metadata.uid ?? keyOf(pod),
    key: keyOf(pod),
    namespace: metadata.namespace ?? '',
    labels: metadata.labels ?? {},
    requests: podRequests(counted),
    scoredRequests: scoredRequests(counted),
    hostPorts: hostPorts(pod),
    affinity: affinityTerms(pod),
    owner: ownerOf(pod),
    isTerminating: metadata.deletionTimestamp !== undefined,
    priority: pod.spec.priority ?? 0,
    claims: volumeClaimNames(pod),
    deviceClaims: podResourceClaims(pod),
    shape: shapeOf(pod, counted),
  };
}

function ownerOf({ metadata }: Pod): string | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller)?.uid;
}

function hostPorts({ spec }: Pod): HostPort[] {
  const sidecars = (spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  return [...spec.containers, ...sidecars].flatMap((container) =>
    (container.ports ?? []).flatMap(({ hostPort, hostIP, protocol }) =>
      hostPort ? [{ address: hostIP || '0.0.0.0', protocol: protocol ?? 'TCP', port: hostPort }] : [],
    ),
  );
}

/** Claims that are made for a pod are for it alone, and so is the answer. */
function deviceShape(pod: Pod): unknown[] {
  const claims = podResourceClaims(pod);
  if (claims.length === 0) return [];
  return [claims, claims.some(({ isGenerated }) => isGenerated) && pod.metadata.uid];
}

/** Everything that any plugin reads of a pod, as text. */
function shapeOf(pod: Pod, spec: PodSpec): string {
  const { metadata } = pod;
  const containers = (list: Pod['spec']['initContainers']) =>
    (list ?? []).map(({ image, resources, ports, restartPolicy }) => [
      image,
      resources?.requests,
      ports?.map(({ hostPort, hostIP, protocol }) => hostPort && [hostPort, hostIP, protocol]),
      restartPolicy,
    ]);
  return JSON.stringify([
    metadata.namespace,
    metadata.labels,
    ownerOf(pod),
    spec.nodeName,
    spec.nodeSelector,
    spec.affinity,
    spec.tolerations,
    spec.topologySpreadConstraints,
    spec.overhead,
    spec.resources?.requests,
    containers(spec.initContainers),
    containers(spec.containers),
    volumeClaimNames(pod),
    ...deviceShape(pod),
  ]);
}
