// `berth compose up`: applies a project in the order in which its services depend on each other, and waits until they are ready.
import { type Job, Namespace, Pod } from '@berth/api';
import type { HttpClient } from '@berth/client';
import { type ProjectObjects, projectLabel, type ServiceObjects, serviceLabel } from '@berth/compose';
import { isReason, type KubeObject } from '@berth/machinery';
import { hasEnded, type State, until, untilState } from './awaited-state.ts';
import { fieldManager, kindOf, projectObjectsThere, remove } from './project-kinds.ts';

const timeoutSecondsDefault = 300;

export interface UpPorts {
  client: HttpClient;
  progress(line: string): void;
  print(text: string): void;
  warn(text: string): void;
  signal: AbortSignal;
}

export interface UpOptions {
  isDetached: boolean;
  timeoutSeconds?: number;
  /** Whether services were named: then others stay as they are. */
  isPart: boolean;
}

const states = { service_started: 'started', service_healthy: 'ready', service_completed_successfully: 'completed' } as const;
const words: Record<State, string> = { started: 'started', ready: 'ready', completed: 'completed' };

export async function bringUp(made: ProjectObjects, options: UpOptions, ports: UpPorts): Promise<number> {
  const { client, progress } = ports;
  const seconds = options.timeoutSeconds ?? timeoutSecondsDefault;
  const signal = AbortSignal.any([ports.signal, AbortSignal.timeout(seconds * 1000)]);
  await makeNamespace(client, made.namespace);
  const there = await projectObjectsThere(client, made.name, false);
  for (const orphan of orphans(made, there, options.isPart)) {
    await remove(client, orphan);
    progress(`${orphan.kind} ${orphan.metadata.name}: removed`);
  }
  const applied = async (object: KubeObject) => {
    const before = there.find(({ kind, metadata }) => kind === object.kind && metadata.name === object.metadata.name);
    const after = await apply(client, object, before, signal);
    const isSame = before?.metadata.resourceVersion === after.metadata.resourceVersion;
    progress(`${object.kind} ${object.metadata.name}: ${isSame ? 'unchanged' : before ? 'changed' : 'created'}`);
  };
  for (const part of made.parts) await applied(part);
  for (const { workload, after } of made.workloads) {
    for (const { service, condition } of after) {
      const needed = made.workloads.find((other) => other.service === service);
      if (needed) await awaitState(needed, states[condition], seconds, ports, signal);
    }
    await applied(workload);
  }
  if (options.isDetached) return 0;
  for (const service of made.workloads) await awaitState(service, 'ready', seconds, ports, signal);
  progress(`${made.name}: ${made.workloads.length} services are up`);
  return 0;
}

export async function makeNamespace(client: HttpClient, namespace: KubeObject): Promise<void> {
  try {
    await client.get(Namespace, { name: namespace.metadata.name });
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error;
    await client.patch(Namespace, { name: namespace.metadata.name }, 'apply', namespace, { fieldManager });
  }
}

/** What is there and not in the files. What may belong to services whose profile is not active stays. */
export function orphans(made: ProjectObjects, there: readonly KubeObject[], isPart: boolean): KubeObject[] {
  const wanted = new Set(
    [...made.parts, ...made.workloads.map(({ workload }) => workload)].map(({ kind, metadata }) => `${kind} ${metadata.name}`),
  );
  const own = new Set(made.workloads.map(({ workload }) => workload.metadata.labels?.[serviceLabel]));
  return there.filter(({ kind, metadata }) => {
    if (metadata.labels?.[projectLabel] !== made.name || wanted.has(`${kind} ${metadata.name}`)) return false;
    const service = metadata.labels[serviceLabel];
    if (service === undefined) return !isPart && made.inactive.length === 0;
    return own.has(service) || (!isPart && !made.inactive.includes(service));
  });
}

/** A Job cannot change, and one that has ended runs again with each `up`, as in Docker: both are made anew. */
async function apply(client: HttpClient, object: KubeObject, before: KubeObject | undefined, signal: AbortSignal): Promise<KubeObject> {
  const { namespace, name } = object.metadata;
  const patch = () => client.patch(kindOf(object), { namespace, name }, 'apply', object, { fieldManager, force: true });
  const isOver = before?.kind === 'Job' && hasEnded(before as Job);
  if (!isOver) {
    try {
      return await patch();
    } catch (error) {
      if (before?.kind !== 'Job' || !isReason(error, 'Invalid')) throw error;
    }
  }
  await remove(client, object, 'Foreground');
  await until(
    client,
    { kind: kindOf(object), namespace: namespace ?? '', fieldSelector: `metadata.name=${name}` },
    (left) => left.size === 0,
    signal,
  );
  return patch();
}

async function awaitState(
  { service, workload }: ServiceObjects,
  state: State,
  seconds: number,
  ports: UpPorts,
  signal: AbortSignal,
): Promise<void> {
  ports.progress(`${service}: waiting until it is ${words[state]}`);
  if (await untilState(ports.client, workload, state, signal)) return;
  if (ports.signal.aborted) throw new Error('interrupted');
  const { namespace, name } = workload.metadata;
  const reason = await reasonOf(ports.client, workload);
  const remedy = `berth why ${workload.kind.toLowerCase()}/${name} -n ${namespace} says why`;
  throw new Error(`${service} is not ${words[state]} after ${seconds} s${reason && `: ${reason}`}; ${remedy}`);
}

/** What its first pod that waits says; empty when none does. */
async function reasonOf(client: HttpClient, { metadata: { namespace, labels } }: KubeObject): Promise<string> {
  const { items } = await client.list(Pod, { namespace, labelSelector: `${serviceLabel}=${labels?.[serviceLabel]}` });
  for (const { metadata, status } of items) {
    const waiting = status?.containerStatuses?.find(({ state }) => state?.waiting)?.state?.waiting;
    const unscheduled = status?.conditions?.find(({ type, status: is }) => type === 'PodScheduled' && is === 'False');
    const said = waiting ? [waiting.reason, waiting.message] : unscheduled ? [unscheduled.message] : [];
    const text = said.filter((part) => part).join(': ');
    if (text) return `${metadata.name}: ${text}`;
  }
  return '';
}
