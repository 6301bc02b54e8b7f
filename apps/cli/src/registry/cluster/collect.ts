// `berth registry gc` for the registry in the cluster: a pod beside the registry's works on the same volume, with the digests that the cluster's
// objects name, as they are now, in a ConfigMap. It has no account in the API.
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { ConfigMap, Deployment, installedRegistry, Pod } from '@berth/api';
import type { HttpClient } from '@berth/client';
import { isReason, parseJson } from '@berth/machinery';
import { endText, hasEnded, removePod, statusOf } from '../../build/builder.ts';
import { provideProgramImage } from '../../build/program-image.ts';
import { ClusterRegistry } from '../../build/registry.ts';
import { until } from '../../compose/awaited-state.ts';
import type { Garbage } from '../collect-garbage.ts';
import { dataFolder, registryClaim, registryLabels, registryUid } from './objects.ts';

const { namespace, service } = installedRegistry;
const collectSeconds = 3600;
/** Of a ConfigMap's megabyte, in Base64. */
const usedBytesMax = 700_000;
const usedFile = 'used.gz';

export interface CollectWish {
  used: ReadonlySet<string>;
  olderThan: string;
  isDryRun: boolean;
  progress(line: string): void;
}

/** @throws Error where none is installed, or the pod fails */
export async function collectInCluster(client: HttpClient, { used, olderThan, isDryRun, progress }: CollectWish): Promise<Garbage> {
  await client.get(Deployment, { namespace, name: service }).catch((error: unknown) => {
    if (!isReason(error, 'NotFound')) throw error;
    throw new Error('no registry is installed in the cluster: berth registry install makes one; --storage names the folder of another');
  });
  const list = gzipSync([...used].sort().join('\n'));
  if (list.length > usedBytesMax) throw new Error(`the cluster names ${used.size} images by digest, too many for a ConfigMap`);
  const image = await provideProgramImage({ registry: await ClusterRegistry.of(client), progress });
  const name = `registry-gc-${randomBytes(5).toString('hex')}`;
  const labels = { ...registryLabels, 'app.kubernetes.io/name': 'registry-gc' };
  const args = ['registry', 'gc', '--storage', dataFolder, '--used', `/used/${usedFile}`, '--older-than', olderThan, '-o', 'json'];
  const pod = await client.create(Pod, collectorPod({ name, labels, image, args: isDryRun ? [...args, '--dry-run'] : args }));
  try {
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name, uid: pod.metadata.uid ?? '' }];
    const metadata = { name, namespace, labels, ownerReferences };
    await client.create(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata, binaryData: { [usedFile]: list.toString('base64') } });
    return await resultOf(client, name);
  } finally {
    await removePod(client, pod);
  }
}

async function resultOf(client: HttpClient, name: string): Promise<Garbage> {
  let ended: Pod | undefined;
  const isOver = (pods: ReadonlyMap<string, Pod>) => {
    const found = pods.get(name);
    if (!found) throw new Error(`the pod ${name} was deleted before it ended`);
    ended = hasEnded(found) ? found : undefined;
    return ended !== undefined;
  };
  const watched = { kind: Pod, namespace, fieldSelector: `metadata.name=${name}` };
  if (!(await until(client, watched, isOver, AbortSignal.timeout(collectSeconds * 1000))) || !ended)
    throw new Error(`the pod ${name} has not ended within ${collectSeconds} s`);
  const log = await client.text(`/api/v1/namespaces/${namespace}/pods/${name}/log`);
  const garbage = parseJson(log) as unknown as Garbage | undefined;
  if (statusOf(ended)?.state?.terminated?.exitCode !== 0 || garbage === undefined)
    throw new Error(`the garbage collection failed: ${log.trim() || endText(ended)}`);
  return garbage;
}

interface CollectorFacts {
  name: string;
  labels: Record<string, string>;
  image: string;
  args: string[];
}

function collectorPod({ name, labels, image, args }: CollectorFacts): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: {
      restartPolicy: 'Never',
      activeDeadlineSeconds: collectSeconds,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        ...{ runAsNonRoot: true, runAsUser: registryUid, runAsGroup: registryUid, fsGroup: registryUid },
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: 'gc',
          image,
          args,
          terminationMessagePolicy: 'FallbackToLogsOnError',
          securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
          resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '1Gi' } },
          volumeMounts: [
            { name: 'data', mountPath: dataFolder },
            { name: 'used', mountPath: '/used', readOnly: true },
          ],
        },
      ],
      volumes: [
        // On the node that has it, where the registry is as well.
        { name: 'data', persistentVolumeClaim: { claimName: registryClaim } },
        { name: 'used', configMap: { name } },
      ],
    },
  };
}
