// A node may only create pods that mirror those it runs by itself: owned by its node, and with nothing of the cluster's that
// such a pod would let it read.
import type { Pod } from './generated/core-v1.types.ts';

export const mirrorAnnotation = 'kubernetes.io/config.mirror';

/** Why a node may not create the pod. */
export function mirrorPodRefusal(pod: Pod, nodeName: string): string | undefined {
  const node = `node ${JSON.stringify(nodeName)}`;
  if (pod.metadata.annotations?.[mirrorAnnotation] === undefined) {
    return `pod does not have ${JSON.stringify(mirrorAnnotation)} annotation, ${node} can only create mirror pods`;
  }
  if (pod.spec.nodeName !== nodeName) return `${node} can only create pods with spec.nodeName set to itself`;
  const [owner, ...others] = pod.metadata.ownerReferences ?? [];
  if (others.length > 0) return `${node} can only create pods with a single owner reference set to itself`;
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== nodeName) {
    return `${node} can only create pods with an owner reference set to itself`;
  }
  if (!owner.controller) return `${node} can only create pods with a controller owner reference set to itself`;
  if (owner.blockOwnerDeletion) return `${node} must not set blockOwnerDeletion on an owner reference`;
  const found = referenced(pod);
  return found && `${node} can not create pods that reference ${found}`;
}

function referenced({ spec }: Pod): string | undefined {
  // `default` is what a pod without an account is given.
  if (spec.serviceAccountName && spec.serviceAccountName !== 'default') return 'a service account';
  const volumes = spec.volumes ?? [];
  const sources = volumes.flatMap(({ projected }) => projected?.sources ?? []);
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  const from = containers.flatMap(({ envFrom }) => envFrom ?? []);
  const values = containers.flatMap(({ env }) => (env ?? []).flatMap(({ valueFrom }) => valueFrom ?? []));
  const hasSecrets =
    volumes.some(({ secret }) => secret) ||
    sources.some(({ secret }) => secret) ||
    from.some(({ secretRef }) => secretRef) ||
    values.some(({ secretKeyRef }) => secretKeyRef) ||
    (spec.imagePullSecrets ?? []).length > 0;
  if (hasSecrets) return 'secrets';
  const hasConfigMaps =
    volumes.some(({ configMap }) => configMap) ||
    sources.some(({ configMap }) => configMap) ||
    from.some(({ configMapRef }) => configMapRef) ||
    values.some(({ configMapKeyRef }) => configMapKeyRef);
  if (hasConfigMaps) return 'configmaps';
  if (sources.some(({ serviceAccountToken }) => serviceAccountToken)) return 'a service account';
  return volumes.some(({ persistentVolumeClaim, ephemeral }) => persistentVolumeClaim || ephemeral) ? 'persistentvolumeclaims' : undefined;
}
