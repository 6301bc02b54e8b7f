// `berth registry uninstall`: what `install` made, and every image in it; or, to go on with them later, all but the claim. While pods run images
// of it, it is asked for twice.
import { ClusterRole, ClusterRoleBinding, ConfigMap, Deployment, installedRegistry, Namespace, Pod, Secret, Service } from '@berth/api';
import type { HttpClient } from '@berth/client';
import { erased } from '@berth/controller';
import { isReason, type KindDefinition } from '@berth/machinery';
import { hasEnded } from '../../build/builder.ts';
import { until } from '../../compose/awaited-state.ts';
import { configMapName, roleNames, servingSecret } from './objects.ts';

const { namespace, service: name, host, tokenSecret } = installedRegistry;
const goneSeconds = 120;
const podsNamed = 5;

export interface UninstallWish {
  keepsData: boolean;
  isForced: boolean;
}

/** @returns whether anything was there */
export async function uninstallRegistry(client: HttpClient, { keepsData, isForced }: UninstallWish): Promise<boolean> {
  if (!isForced) await checkUse(client);
  let isThere = false;
  const remove = async (kind: KindDefinition, of: string, isNamespaced: boolean) => {
    try {
      await client.delete(kind, { name: of, ...(isNamespaced && { namespace }) }, { propagationPolicy: 'Foreground' });
      isThere = true;
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error;
    }
  };
  for (const role of roleNames) {
    await remove(erased(ClusterRoleBinding), role, false);
    await remove(erased(ClusterRole), role, false);
  }
  if (!keepsData) await remove(erased(Namespace), namespace, false);
  else {
    await remove(erased(Deployment), name, true);
    await remove(erased(Service), name, true);
    await remove(erased(ConfigMap), configMapName, true);
    for (const secret of [servingSecret, tokenSecret]) await remove(erased(Secret), secret, true);
  }
  if (isThere) await untilGone(client, keepsData ? erased(Deployment) : erased(Namespace), keepsData ? name : namespace);
  return isThere;
}

/** Nobody's next start should fail for an image that has gone. */
async function checkUse(client: HttpClient): Promise<void> {
  const { items } = await client.list(Pod);
  const users = items.filter(
    (pod) => !hasEnded(pod) && pod.metadata.namespace !== namespace && imagesOf(pod).some((image) => image.startsWith(`${host}/`)),
  );
  if (users.length === 0) return;
  const named = users.slice(0, podsNamed).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  const more = users.length > podsNamed ? ` and ${users.length - podsNamed} more` : '';
  throw new Error(
    `pods run images of this registry (${named.join(', ')}${more}), which could not start again: --force ends it all the same`,
  );
}

function imagesOf({ spec }: Pod): string[] {
  const containers = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])];
  return [...containers.map(({ image = '' }) => image), ...(spec.volumes ?? []).map(({ image }) => image?.reference ?? '')];
}

async function untilGone(client: HttpClient, kind: KindDefinition, of: string): Promise<void> {
  const watched = { kind, ...(kind.namespaced && { namespace }), fieldSelector: `metadata.name=${of}` };
  const isGone = (objects: ReadonlyMap<string, unknown>) => !objects.has(of);
  if (!(await until(client, watched, isGone, AbortSignal.timeout(goneSeconds * 1000))))
    throw new Error(`${kind.kind} ${of} is still there after ${goneSeconds} s: kubectl get all -n ${namespace} shows what of it`);
}
