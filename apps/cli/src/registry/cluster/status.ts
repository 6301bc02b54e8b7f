// `berth registry status`: whether the registry in the cluster serves, by which name, where, with how much room and until when.
import { X509Certificate } from 'node:crypto';
import { Deployment, installedRegistry, PersistentVolumeClaim, Pod, Secret, Service } from '@berth/api';
import type { HttpClient } from '@berth/client';
import { isReason, type KindDefinition, type KubeObject } from '@berth/machinery';
import { registryClaim, servingSecret } from './objects.ts';
import { leastLeftMs } from './secrets.ts';

const { namespace, service: name, host } = installedRegistry;
const gigabyte = 1024 ** 3;

export interface RegistryStatus {
  host: string;
  isInstalled: boolean;
  isReady: boolean;
  address?: string | undefined;
  node?: string | undefined;
  image?: string | undefined;
  storage?: string | undefined;
  usedBytes?: number | undefined;
  certificateEnds?: string | undefined;
  /** What is amiss, each with what to do. */
  problems: string[];
}

export async function registryStatus(client: HttpClient, nowMs: number): Promise<RegistryStatus> {
  const deployment = await found(client, Deployment, name);
  if (!deployment) return { host, isInstalled: false, isReady: false, problems: [] };
  const [service, claim, secret] = await Promise.all([
    found(client, Service, name),
    found(client, PersistentVolumeClaim, registryClaim),
    found(client, Secret, servingSecret),
  ]);
  const { items: pods } = await client.list(Pod, { namespace, labelSelector: `app.kubernetes.io/name=${name}` });
  const pod = pods.find(({ status }) => status?.phase === 'Running') ?? pods[0];
  const isReady = (deployment.status?.readyReplicas ?? 0) > 0;
  const certificate = secret?.data?.['tls.crt'];
  const ends = certificate === undefined ? undefined : new X509Certificate(Buffer.from(certificate, 'base64')).validTo;
  const problems: string[] = [];
  if (!isReady) problems.push(`it does not serve: berth why deployment/${name} -n ${namespace} says why`);
  if (!service) problems.push('its service is not there: berth registry install makes it again');
  if (ends === undefined || Date.parse(ends) - nowMs < leastLeftMs)
    problems.push(`its certificate ${ends === undefined ? 'is not there' : `ends ${ends}`}: berth registry install makes another`);
  return {
    ...{ host, isInstalled: true, isReady, problems },
    ...{ address: service?.spec?.clusterIP, node: pod?.spec.nodeName, image: deployment.spec.template.spec?.containers[0]?.image },
    storage: claim?.status?.capacity?.storage ?? claim?.spec.resources?.requests?.storage,
    usedBytes: isReady && pod ? await usedBytes(client, pod) : undefined,
    certificateEnds: ends,
  };
}

export function statusText(status: RegistryStatus): string {
  if (!status.isInstalled) return 'no registry is installed in the cluster: berth registry install makes one';
  const used = status.usedBytes === undefined ? '' : `, ${(status.usedBytes / gigabyte).toFixed(1)}Gi used`;
  const rows = [
    ['name', `${status.host}  (images: ${status.host}/NAMESPACE/NAME:TAG)`],
    ['serves', status.isReady ? 'yes' : 'no'],
    ['address', status.address ?? ''],
    ['node', status.node ?? ''],
    ['image', status.image ?? ''],
    ['volume', `${status.storage ?? 'none'}${used}`],
    ['certificate', `until ${status.certificateEnds ?? ''}`],
  ];
  return [...rows.map(([title = '', text = '']) => `${title.padEnd(12)} ${text}`), ...status.problems].join('\n');
}

async function found<T extends KubeObject>(client: HttpClient, kind: KindDefinition<T>, of: string): Promise<T | undefined> {
  try {
    return await client.get(kind, { namespace, name: of });
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined;
    throw error;
  }
}

/** As the node's agent measures it; undefined where it does not say. */
async function usedBytes(client: HttpClient, { metadata, spec }: Pod): Promise<number | undefined> {
  if (!spec.nodeName) return undefined;
  const text = await client.text(`/api/v1/nodes/${spec.nodeName}/proxy/stats/summary`);
  const { pods = [] } = JSON.parse(text) as { pods?: { podRef: { uid: string }; volume?: { name: string; usedBytes?: number }[] }[] };
  return pods.find(({ podRef }) => podRef.uid === metadata.uid)?.volume?.find((volume) => volume.name === 'data')?.usedBytes;
}
