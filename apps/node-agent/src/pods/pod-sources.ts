// Where the values come from that pods refer to: what the control plane sent of config maps, secrets, claims and volumes, and what
// this node knows of itself.
import { type PersistentVolumeClaim, type Pod, type Secret, volumeClaimNames } from '@berth/api';
import type { ClaimExpansion } from '@berth/protocol';
import type { NodeNetwork } from '../network/network.ts';
import type { AccountTokens } from '../volumes/account-tokens.ts';
import type { DesiredCache } from './desired-cache.ts';
import type { NodeAllocatable } from './downward.ts';
import type { PodSources } from './pod-environment.ts';

export interface NodeValues {
  hostIp: string;
  allocatable: NodeAllocatable;
  network: Pick<NodeNetwork, 'clusterDomain'>;
  tokens: AccountTokens;
  /** What a pod's volumes wait for may be there. */
  volumesChanged(uid: string): void;
  claimExpanded(report: ClaimExpansion): void;
  event(pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string): void;
  /** Pods that this node took before this one and that have not ended. */
  earlier(pod: Pod): Pod[];
}

export function podSources(
  desired: DesiredCache,
  { hostIp, allocatable, network, tokens, earlier, ...node }: NodeValues,
): Pick<PodSources, 'environment' | 'volumes' | 'pullSecrets'> {
  const referred = (pod: Pod) => ({
    configMap: (name: string) => desired.configMap(pod.metadata.namespace ?? '', name),
    secret: (name: string): Secret | undefined => desired.secret(pod.metadata.namespace ?? '', name),
  });
  return {
    environment: (pod, podIps) => ({
      ...{ pod, podIps, hostIp, allocatable, ...referred(pod) },
      ...{ services: desired.services(), clusterDomain: network.clusterDomain },
    }),
    volumes: (pod, podIps) => ({
      ...{ podIps, hostIp, allocatable, ...referred(pod) },
      claim: (name) => {
        const claim = desired.claim(pod.metadata.namespace ?? '', name);
        refuseSecondPod(claim, pod, earlier);
        return claim;
      },
      persistentVolume: (name) => desired.persistentVolume(name),
      accountToken: (audience, expirationSeconds) => tokens.get(pod, audience, expirationSeconds),
      volumeSecret: (namespace, name) => desired.secret(namespace, name),
      csiDriver: (name) => desired.csiDriver(name),
      volumeAttachment: (name) => desired.volumeAttachment(name),
      node: () => desired.node(),
      changed: () => node.volumesChanged(pod.metadata.uid ?? ''),
      claimExpanded: (report) => node.claimExpanded({ ...report, namespace: pod.metadata.namespace ?? '' }),
      event: (type, reason, message) => node.event(pod, type, reason, message),
    }),
    pullSecrets: (pod) => (pod.spec.imagePullSecrets ?? []).flatMap(({ name = '' }) => referred(pod).secret(name) ?? []),
  };
}

/** A claim for one pod is the first one's, whoever bound the other. @throws Error in the kubelet's words */
function refuseSecondPod(claim: PersistentVolumeClaim | undefined, pod: Pod, earlier: NodeValues['earlier']): void {
  if (!claim?.spec.accessModes?.includes('ReadWriteOncePod')) return;
  // Whoever has started with it has it.
  if (pod.status?.containerStatuses?.some(({ state }) => state?.running)) return;
  const isUser = (other: Pod) =>
    other.metadata.namespace === pod.metadata.namespace && volumeClaimNames(other).includes(claim.metadata.name);
  if (earlier(pod).some(isUser)) throw new Error('volume uses the ReadWriteOncePod access mode and is already in use by another pod');
}
