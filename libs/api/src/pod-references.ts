// What a pod needs beside itself: the ConfigMaps, Secrets, claims, storage drivers and runtime class its spec names. An agent is given these and no others,
// so a reference forgotten here is a pod that cannot start, and one too many is a leak.
import type { Container, Pod, Volume } from './generated/core-v1.types.ts';
import { volumeClaimNames } from './volume-claims.ts';

export interface PodReference {
  kind: string;
  namespace: string;
  name: string;
}

/** In the pod's namespace, but for its runtime class and storage drivers; objects may not exist (yet). */
export function podReferences(pod: Pod): PodReference[] {
  const namespace = pod.metadata.namespace ?? '';
  const found = new Map<string, PodReference>();
  const add = (kind: string, name: string | undefined) => {
    if (name) found.set(`${kind}/${name}`, { kind, namespace, name });
  };
  const { runtimeClassName } = pod.spec;
  if (runtimeClassName) found.set('RuntimeClass', { kind: 'RuntimeClass', namespace: '', name: runtimeClassName });
  for (const secret of pod.spec.imagePullSecrets ?? []) add('Secret', secret.name);
  for (const name of volumeClaimNames(pod)) add('PersistentVolumeClaim', name);
  for (const volume of pod.spec.volumes ?? []) addVolume(volume, add);
  for (const { csi } of pod.spec.volumes ?? [])
    if (csi) found.set(`CSIDriver/${csi.driver}`, { kind: 'CSIDriver', namespace: '', name: csi.driver });
  const containers = [...(pod.spec.initContainers ?? []), ...(pod.spec.containers ?? []), ...(pod.spec.ephemeralContainers ?? [])];
  for (const container of containers) addEnvironment(container, add);
  return [...found.values()];
}

type Add = (kind: string, name: string | undefined) => void;

function addVolume(volume: Volume, add: Add): void {
  add('ConfigMap', volume.configMap?.name);
  add('Secret', volume.secret?.secretName);
  add('Secret', volume.csi?.nodePublishSecretRef?.name);
  for (const source of volume.projected?.sources ?? []) {
    add('ConfigMap', source.configMap?.name);
    add('Secret', source.secret?.name);
  }
}

function addEnvironment(container: Pick<Container, 'env' | 'envFrom'>, add: Add): void {
  for (const from of container.envFrom ?? []) {
    add('ConfigMap', from.configMapRef?.name);
    add('Secret', from.secretRef?.name);
  }
  for (const variable of container.env ?? []) {
    add('ConfigMap', variable.valueFrom?.configMapKeyRef?.name);
    add('Secret', variable.valueFrom?.secretKeyRef?.name);
  }
}
