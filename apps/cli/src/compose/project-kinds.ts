// The kinds that a project's objects are of, and how they are found.
import { ConfigMap, DaemonSet, Deployment, Job, PersistentVolumeClaim, Secret, Service } from '@berth/api';
import type { HttpClient } from '@berth/client';
import { projectLabel } from '@berth/compose';
import { isReason, type KindDefinition, type KubeObject } from '@berth/machinery';

export const fieldManager = 'berth-compose';

/** What runs pods comes first, so that they end before what they mount is gone. */
const kinds = [Deployment, DaemonSet, Job, Service, ConfigMap, Secret] as unknown as KindDefinition[];
const claimKind = PersistentVolumeClaim as unknown as KindDefinition;

export function kindOf({ kind }: KubeObject): KindDefinition {
  const known = [...kinds, claimKind].find((one) => one.kind === kind);
  if (!known) throw new Error(`a project has no ${kind}`);
  return known;
}

export function selectorOf(project: string): string {
  return `${projectLabel}=${project}`;
}

/** What there is of a project, claims last, and only when they are asked for. */
export async function projectObjectsThere(client: HttpClient, project: string, withClaims: boolean): Promise<KubeObject[]> {
  const query = { namespace: project, labelSelector: selectorOf(project) };
  const lists = await Promise.all([...kinds, ...(withClaims ? [claimKind] : [])].map((kind) => client.list(kind, query)));
  return lists.flatMap(({ items }) => items).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

/** Of what is gone already nothing is to be deleted. */
export async function remove(
  client: HttpClient,
  object: KubeObject,
  propagationPolicy: 'Foreground' | 'Background' = 'Background',
): Promise<void> {
  const { namespace, name } = object.metadata;
  try {
    await client.delete(kindOf(object), { namespace, name }, { propagationPolicy });
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error;
  }
}
