// A build's pod from its creation to its end: its lines as they come, and what it said last.
import { StringDecoder } from 'node:string_decoder';
import { type ContainerStatus, Pod } from '@berth/api';
import type { HttpClient } from '@berth/client';
import { isReason } from '@berth/machinery';
import { until } from '../compose/awaited-state.ts';

const lineBytesMax = 64 * 1024;

export interface PodRun {
  exitCode: number;
  /** Of the container, or of the pod where it never ran. */
  reason: string;
  message: string;
}

export interface PodRunPorts {
  client: HttpClient;
  line(text: string): void;
  progress(text: string): void;
  signal: AbortSignal;
  /** Called once it is there. */
  created?(pod: Pod): Promise<void>;
}

/** @throws Error when the signal ends it */
export async function runPod(pod: Pod, ports: PodRunPorts): Promise<PodRun> {
  const { client, signal } = ports;
  const made = await client.create(Pod, pod);
  await ports.created?.(made);
  const { namespace = '', name } = made.metadata;
  const query = { kind: Pod, namespace, fieldSelector: `metadata.name=${name}` };
  let last: Pod | undefined;
  let said = '';
  const await_ = (holds: (pod: Pod) => boolean) =>
    until(
      client,
      query,
      (pods) => {
        const found = pods.get(name);
        if (!found) throw new Error(`the build's pod ${name} was deleted before it ended`);
        last = found;
        const waits = waitingText(found);
        if (waits !== '' && waits !== said) ports.progress(waits);
        said = waits;
        return holds(found);
      },
      signal,
    );
  const hasEnded = ({ status }: Pod) => status?.phase === 'Succeeded' || status?.phase === 'Failed';
  await await_((found) => hasEnded(found) || statusOf(found)?.state?.running !== undefined);
  if (!signal.aborted && last && statusOf(last)?.state?.waiting === undefined) await logs(namespace, name, ports);
  await await_(hasEnded);
  if (signal.aborted || !last) throw new Error('interrupted');
  return result(last);
}

/** @throws nothing where it is gone already */
export async function removePod(client: HttpClient, pod: Pod): Promise<void> {
  const { namespace, name } = pod.metadata;
  try {
    await client.delete(Pod, { namespace, name }, { gracePeriodSeconds: 0 });
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error;
  }
}

function statusOf({ status }: Pod): ContainerStatus | undefined {
  return status?.containerStatuses?.[0];
}

function waitingText(pod: Pod): string {
  const { reason, message } = statusOf(pod)?.state?.waiting ?? {};
  if (reason !== undefined && reason !== 'ContainerCreating' && reason !== 'PodInitializing')
    return `waiting: ${reason}${message ? `: ${message}` : ''}`;
  const unscheduled = pod.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  return unscheduled ? `waiting for a node: ${unscheduled.message}` : '';
}

function result(pod: Pod): PodRun {
  const { terminated } = statusOf(pod)?.state ?? {};
  const { reason = '', message = '' } = pod.status ?? {};
  if (!terminated) return { exitCode: 1, reason, message };
  return { exitCode: terminated.exitCode, reason: reason || (terminated.reason ?? ''), message: terminated.message ?? message };
}

async function logs(namespace: string, name: string, { client, line, signal }: PodRunPorts): Promise<void> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log?follow=true`;
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const bytes of client.bytes(path, signal)) {
    const lines = (rest + decoder.write(Buffer.from(bytes))).split('\n');
    rest = (lines.pop() ?? '').slice(-lineBytesMax);
    for (const text of lines) line(text);
  }
  if (rest !== '') line(rest);
}
