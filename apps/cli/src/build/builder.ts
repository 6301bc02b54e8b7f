// The pod that a build runs in. One of the same user, limits and claim that is still there from an earlier build is taken; nobody
// else's is, and none for a build that has secrets: what a Dockerfile once left in a pod must not see them.
import { createHash, randomBytes } from 'node:crypto';
import { type ContainerStatus, Pod, Secret } from '@berth/api';
import type { HttpClient } from '@berth/client';
import { type BuilderRequest, builderPod } from '@berth/controllers/image-build';
import { isReason } from '@berth/machinery';
import { until } from '../compose/awaited-state.ts';

/** Of one that serves a single build, should whoever asked for it vanish. */
const ownKeepSeconds = 60;
/** Until the end of a container that was killed is known. */
const endSeconds = 15;

export interface BuilderPorts {
  client: HttpClient;
  /** Makes what a builder needs; not called where one is there. */
  provide(): Promise<unknown>;
  progress(line: string): void;
  signal: AbortSignal;
}

export interface Builder {
  pod: Pod;
  /** Whether it stays for the next build. */
  isKept: boolean;
}

export type BuilderWish = Omit<BuilderRequest, 'name' | 'secret'>;

/** @param user who asks */
export async function keptBuilder(wish: BuilderWish, user: string, ports: BuilderPorts): Promise<Builder> {
  const { client, signal } = ports;
  const { namespace } = wish;
  const facts = [user, wish.builderImage, wish.registry, wish.memory, wish.cacheClaim ?? '', String(wish.keepSeconds)];
  const name = `builder-${createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 16)}`;
  const found = await foundPod(client, namespace, name);
  if (found && isRunning(found)) return { pod: found, isKept: true };
  if (found && (hasEnded(found) || found.metadata.deletionTimestamp)) {
    await removePod(client, found);
    const isGone = (pods: ReadonlyMap<string, Pod>) => pods.get(name)?.metadata.uid !== found.metadata.uid;
    await until(client, { kind: Pod, namespace, fieldSelector: `metadata.name=${name}` }, isGone, signal);
  }
  await ports.provide();
  try {
    await client.create(Pod, builderPod({ ...wish, name }));
  } catch (error) {
    // Another build of the same user.
    if (!isReason(error, 'AlreadyExists')) throw error;
  }
  return { pod: await running(namespace, name, ports), isKept: true };
}

/** For one build alone: whoever has it removes it. @param secrets Base64 by identifier */
export async function ownBuilder(wish: BuilderWish, secrets: Record<string, string> | undefined, ports: BuilderPorts): Promise<Builder> {
  const { client } = ports;
  const { namespace } = wish;
  const name = `builder-${randomBytes(8).toString('hex')}`;
  await ports.provide();
  const made = await client.create(Pod, builderPod({ ...wish, name, keepSeconds: ownKeepSeconds, secret: secrets && name }));
  try {
    if (secrets) {
      // Gone with its pod, whatever becomes of this process.
      const ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name, uid: made.metadata.uid ?? '' }];
      await client.create(Secret, { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace, ownerReferences }, data: secrets });
    }
    return { pod: await running(namespace, name, ports), isKept: false };
  } catch (error) {
    await removePod(client, made);
    throw error;
  }
}

/** As it is once it has ended, or after a while all the same; undefined where it goes. */
export async function endOf(client: HttpClient, { metadata: { namespace = '', name, uid } }: Pod): Promise<Pod | undefined> {
  let last: Pod | undefined;
  const isOver = (pods: ReadonlyMap<string, Pod>) => {
    const found = pods.get(name);
    last = found?.metadata.uid === uid && !found?.metadata.deletionTimestamp ? found : undefined;
    return !last || hasEnded(last);
  };
  await until(client, { kind: Pod, namespace, fieldSelector: `metadata.name=${name}` }, isOver, AbortSignal.timeout(endSeconds * 1000));
  return last;
}

/** Undefined where it is gone. */
async function foundPod(client: HttpClient, namespace: string, name: string): Promise<Pod | undefined> {
  try {
    return await client.get(Pod, { namespace, name });
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined;
    throw error;
  }
}

/** @throws nothing where it is gone already */
export async function removePod(client: HttpClient, pod: Pod): Promise<void> {
  const { namespace, name, uid = '' } = pod.metadata;
  try {
    await client.delete(Pod, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid } });
  } catch (error) {
    // Another of its name is another's.
    if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error;
  }
}

export function statusOf({ status }: Pod): ContainerStatus | undefined {
  return status?.containerStatuses?.[0];
}

export function hasEnded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

function isRunning(pod: Pod): boolean {
  return !hasEnded(pod) && !pod.metadata.deletionTimestamp && statusOf(pod)?.state?.running !== undefined;
}

/** @throws Error when it ends or goes before, or the signal ends it */
async function running(namespace: string, name: string, { client, progress, signal }: BuilderPorts): Promise<Pod> {
  let last: Pod | undefined;
  let said = '';
  const isThere = (pods: ReadonlyMap<string, Pod>) => {
    const found = pods.get(name);
    if (!found) throw new Error(`the build's pod ${name} was deleted before it began`);
    last = found;
    if (hasEnded(found)) throw new Error(`the build's pod failed: ${endText(found)}`);
    const waits = waitingText(found);
    if (waits !== '' && waits !== said) progress(waits);
    said = waits;
    return isRunning(found);
  };
  await until(client, { kind: Pod, namespace, fieldSelector: `metadata.name=${name}` }, isThere, signal);
  if (signal.aborted || !last) throw new Error('interrupted');
  return last;
}

export function endText(pod: Pod): string {
  const { terminated } = statusOf(pod)?.state ?? {};
  const { reason = '', message = '' } = pod.status ?? {};
  return [reason || (terminated?.reason ?? ''), message || (terminated?.message ?? '')].filter((part) => part !== '').join(': ');
}

function waitingText(pod: Pod): string {
  const { reason, message } = statusOf(pod)?.state?.waiting ?? {};
  if (reason !== undefined && reason !== 'ContainerCreating' && reason !== 'PodInitializing')
    return `waiting: ${reason}${message ? `: ${message}` : ''}`;
  const unscheduled = pod.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  return unscheduled ? `waiting for a node: ${unscheduled.message}` : '';
}
