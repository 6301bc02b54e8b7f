// Where the values come from that pods refer to: what the control plane sent of config maps, secrets, claims and volumes, and what
// this node knows of itself.
import type { Pod, Secret } from '@berth/api';
import type { NodeNetwork } from '../network/network.ts';
import type { AccountTokens } from '../volumes/account-tokens.ts';
import type { DesiredCache } from './desired-cache.ts';
import type { NodeAllocatable } from './downward.ts';
import type { PodEnvironment } from './pod-environment.ts';

export interface NodeValues {
  hostIp: string;
  allocatable: NodeAllocatable;
  network: Pick<NodeNetwork, 'clusterDomain'>;
  tokens: AccountTokens;
}

export function podSources(
  desired: DesiredCache,
  { hostIp, allocatable, network, tokens }: NodeValues,
): Pick<PodEnvironment, 'environmentSources' | 'volumeSources' | 'pullSecrets'> {
  const referred = (pod: Pod) => ({
    configMap: (name: string) => desired.configMap(pod.metadata.namespace ?? '', name),
    secret: (name: string): Secret | undefined => desired.secret(pod.metadata.namespace ?? '', name),
  });
  return {
    environmentSources: (pod, podIps) => ({
      ...{ pod, podIps, hostIp, allocatable, ...referred(pod) },
      ...{ services: desired.services(), clusterDomain: network.clusterDomain },
    }),
    volumeSources: (pod, podIps) => ({
      ...{ podIps, hostIp, allocatable, ...referred(pod) },
      claim: (name) => desired.claim(pod.metadata.namespace ?? '', name),
      persistentVolume: (name) => desired.persistentVolume(name),
      accountToken: (audience, expirationSeconds) => tokens.get(pod, audience, expirationSeconds),
    }),
    pullSecrets: (pod) => (pod.spec.imagePullSecrets ?? []).flatMap(({ name = '' }) => referred(pod).secret(name) ?? []),
  };
}
