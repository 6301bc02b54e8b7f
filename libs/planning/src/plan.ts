// What applying some objects would do to the cluster as it is, without changing it: the server says of each what it would become or why
// it is refused, and of the pods that come of them the scheduler's own code says where they would land.
import { Namespace, Pod } from '@berth/api';
import type { Client } from '@berth/client';
import { type KindDefinition, type KubeObject, StatusError } from '@berth/machinery';
import { type ClusterState, readState } from './cluster-state.ts';
import { type Landing, landings } from './landing.ts';
import { newPods, type PodDemand } from './new-pods.ts';
import { type Changed, changeOf, type ObjectChange, titleOf } from './object-change.ts';
import { QuotaRoom } from './quota-room.ts';

export interface Plan {
  objects: ObjectChange[];
  pods: Landing[];
  /** What is not known, and why. */
  notes: string[];
}

export interface PlanPorts {
  client: Client;
  /** Undefined for a kind that the server does not have. */
  kindOf(object: KubeObject): Promise<KindDefinition | undefined>;
  /** In [0, 1): chooses among nodes that are as good. */
  random: () => number;
}

/** @param objects with their namespaces */
export async function planFor(objects: readonly KubeObject[], ports: PlanPorts): Promise<Plan> {
  const { client } = ports;
  const made = new Set(await newNamespaces(objects, client));
  const changes: Changed[] = [];
  for (const object of objects) changes.push(await changeTo(object, ports, made, objects));
  const { state, snapshot } = await readState(client);
  const notes = state.unread.map((plural) => `you may not list ${plural} everywhere: where pods land is foreseen without them`);
  const demands: PodDemand[] = [];
  const pods: Landing[] = [];
  for (const change of changes) {
    if (change.action === 'refused') continue;
    for (const demand of newPods({ title: change.object, before: change.before, after: change.after }, state)) {
      const admitted = change.action === 'unchecked' ? demand.pod : await admittedPod(client, demand);
      if (typeof admitted === 'string') pods.push(...refusedPods(demand, admitted));
      else demands.push({ ...demand, pod: admitted });
      change.notes.push(...demand.notes);
    }
  }
  const isForeseen = state.nodes.length > 0 || !state.unread.includes('nodes');
  if (isForeseen) pods.push(...landings(demands, { snapshot, random: ports.random, room: roomsOf(state) }));
  const shown = changes.map(({ kind: _k, before: _b, after: _a, ...change }) => change);
  return { objects: shown, pods, notes };
}

async function newNamespaces(objects: readonly KubeObject[], client: Client): Promise<string[]> {
  const names = objects.filter(({ apiVersion, kind }) => apiVersion === 'v1' && kind === 'Namespace').map(({ metadata }) => metadata.name);
  if (names.length === 0) return [];
  const there = new Set((await client.list(Namespace)).items.map(({ metadata }) => metadata.name));
  return names.filter((name) => !there.has(name)).map((name) => `namespace/${name}`);
}

async function changeTo(object: KubeObject, ports: PlanPorts, made: ReadonlySet<string>, all: readonly KubeObject[]): Promise<Changed> {
  const kind = await ports.kindOf(object);
  if (kind) return changeOf(ports.client, kind, object, made);
  const common = { object: titleOf(object), kind, before: undefined, after: object };
  if (all.some((other) => other.kind === 'CustomResourceDefinition' && definesKind(other, object)))
    return { ...common, action: 'unchecked', notes: ['the server is not asked: its kind is defined by the same files'] };
  const refusal = `no matches for kind ${JSON.stringify(object.kind)} in version ${JSON.stringify(object.apiVersion)}: kubectl api-resources lists them`;
  return { ...common, action: 'refused', refusal, notes: [] };
}

function definesKind(definition: KubeObject, { apiVersion, kind }: KubeObject): boolean {
  const { group, names } = (definition as { spec?: { group?: string; names?: { kind?: string } } }).spec ?? {};
  return apiVersion.startsWith(`${group}/`) && names?.kind === kind;
}

/** As the server would make one of them; a text says why it would not. */
async function admittedPod(client: Client, { pod, names }: PodDemand): Promise<Pod | string> {
  const name = names?.[0] ?? '';
  const { generateName, ...metadata } = pod.metadata;
  try {
    // Its owner does not exist yet, or is not there to be asked about.
    const asked = { ...pod, metadata: { ...metadata, name, ...(name === '' && { generateName }), ownerReferences: undefined } };
    const { spec, metadata: admitted } = await client.create(Pod, asked, { dryRun: true });
    return { ...pod, spec, metadata: { ...pod.metadata, labels: admitted.labels ?? {} } };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    // A pod of that name is there, which is about to be replaced.
    return error.reason === 'AlreadyExists' ? pod : error.message;
  }
}

function refusedPods({ workload, count, names }: PodDemand, message: string): Landing[] {
  return Array.from({ length: count }, (_, index): Landing => {
    const pod = names?.[index];
    return { workload, ...(pod && { pod }), message, isRefused: true };
  });
}

function roomsOf({ quotas }: ClusterState): (namespace: string) => QuotaRoom {
  const rooms = new Map<string, QuotaRoom>();
  return (namespace) => {
    const room = rooms.get(namespace) ?? new QuotaRoom(quotas.filter(({ metadata }) => metadata.namespace === namespace));
    rooms.set(namespace, room);
    return room;
  };
}
