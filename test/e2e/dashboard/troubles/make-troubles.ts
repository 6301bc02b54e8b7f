// Makes troubles on a cluster: all of them together, step by step.
import type { Place, Trouble } from './trouble.ts';

export type Surroundings = Omit<Place, 'namespace'>;

export interface Tools {
  apply(objects: object[]): Promise<unknown>;
  kubectl(...args: string[]): Promise<string>;
  /** Of the node that is to be lost. */
  stopAgent(): Promise<void>;
}

interface Placed {
  trouble: Trouble;
  place: Place;
}

const taint = 'dedicated=gpu:NoSchedule';

const keptFree = 'trouble';

function nodesKeptFree({ cordonedNode, lostNode }: Surroundings, troubles: Trouble[]): string[] {
  const has = (node: Trouble['node']) => troubles.some((trouble) => trouble.node === node);
  return [...(has('cordon') ? [cordonedNode] : []), ...(has('stop') ? [lostNode] : [])];
}

export function placeOf({ id }: Trouble, cluster: Surroundings): Place {
  return { ...cluster, namespace: `trouble-${id}` };
}

export async function makeTroubles(troubles: Trouble[], cluster: Surroundings, tools: Tools): Promise<void> {
  const { apply, kubectl } = tools;
  const placed = troubles.map((trouble) => ({ trouble, place: placeOf(trouble, cluster) }));
  const has = (node: Trouble['node']) => troubles.some((trouble) => trouble.node === node);
  await apply(placed.map(({ place }) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: place.namespace } })));
  // Only what asks for them is to run there.
  for (const node of nodesKeptFree(cluster, troubles)) await kubectl('taint', 'nodes', node, `${keptFree}=:NoSchedule`);
  if (has('taint')) await kubectl('taint', 'nodes', cluster.taintedNode, taint);
  const rounds = Math.max(...troubles.map(({ steps }) => steps.length));
  for (let round = 0; round < rounds; round++) {
    const further = placed.filter(({ trouble }) => trouble.steps.length > round);
    if (round > 0) await Promise.all(further.map(({ trouble, place }) => rolledOut(trouble.steps[round - 1]?.(place) ?? [], kubectl)));
    await apply(further.flatMap(({ trouble, place }) => trouble.steps[round]?.(place) ?? []));
  }
  await deleteWhatStays(placed, kubectl);
  // What runs on it must be there before.
  for (const { trouble, place } of placed) if (trouble.node === 'cordon') await rolledOut(trouble.steps[0]?.(place) ?? [], kubectl);
  if (has('cordon')) await kubectl('cordon', cluster.cordonedNode);
  if (has('stop')) await tools.stopAgent();
}

async function rolledOut(objects: object[], kubectl: Tools['kubectl']): Promise<void> {
  for (const object of objects) {
    const { kind, metadata } = object as { kind: string; metadata: { name: string; namespace: string } };
    if (kind !== 'Deployment') continue;
    await kubectl('-n', metadata.namespace, 'rollout', 'status', `deployment/${metadata.name}`, '--timeout=120s');
  }
}

async function deleteWhatStays(placed: Placed[], kubectl: Tools['kubectl']): Promise<void> {
  for (const { trouble, place } of placed) {
    if (trouble.isDeleted === 'namespace') await kubectl('delete', 'namespace', `${place.namespace}-old`, '--wait=false');
    if (trouble.isDeleted === 'pod') await kubectl('-n', place.namespace, 'delete', 'pod', 'kept', '--wait=false');
  }
}

/** Also finalizers, which nobody else takes away. */
export async function removeTroubles(troubles: Trouble[], cluster: Surroundings, { kubectl }: Tools): Promise<void> {
  const has = (node: Trouble['node']) => troubles.some((trouble) => trouble.node === node);
  if (has('taint')) await kubectl('taint', 'nodes', cluster.taintedNode, `${taint.split('=')[0]}-`);
  if (has('cordon')) await kubectl('uncordon', cluster.cordonedNode);
  for (const node of nodesKeptFree(cluster, troubles)) await kubectl('taint', 'nodes', node, `${keptFree}-`);
  const names = troubles.map((trouble) => placeOf(trouble, cluster).namespace);
  const free = ['--type', 'merge', '-p', '{"metadata":{"finalizers":null}}'];
  for (const { isDeleted, id } of troubles) {
    if (isDeleted === 'namespace') await kubectl('-n', `trouble-${id}-old`, 'patch', 'configmap', 'kept', ...free);
    if (isDeleted === 'pod') {
      const left = await kubectl('-n', `trouble-${id}`, 'get', 'pod', 'kept', '--ignore-not-found', '-o', 'name');
      if (left) await kubectl('-n', `trouble-${id}`, 'patch', 'pod', 'kept', ...free);
    }
  }
  await kubectl('delete', 'apiservice', 'v1.prices.example.com', '--ignore-not-found');
  const configurations = ['validatingwebhookconfiguration', 'validatingadmissionpolicybinding', 'validatingadmissionpolicy'];
  for (const kind of configurations) await kubectl('delete', kind, ...names, '--ignore-not-found');
  await kubectl('delete', 'namespace', ...names, '--ignore-not-found', '--wait=false');
}
