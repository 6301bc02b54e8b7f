// `berth compose logs`: what all containers of a project wrote, by time, each line with its pod before it; `-f` goes on, also with pods that
// come later.
import { StringDecoder } from 'node:string_decoder';
import { Pod } from '@berth/api';
import type { HttpClient, ListOptions } from '@berth/client';
import { dnsName, serviceLabel } from '@berth/compose';
import { isReason, StatusError } from '@berth/machinery';
import { selectorOf } from './project-kinds.ts';
import type { UpPorts } from './up.ts';

/** Of each pod, when nothing is said: all of them are in memory, to be put in order. */
const linesDefault = 10_000;
const podsMax = 200;
/** A longer line is printed in parts. */
const lineCharactersMax = 2 ** 20;

export interface LogOptions {
  services: readonly string[];
  follows: boolean;
  tail?: number;
}

export async function showLogs(project: string, options: LogOptions, ports: UpPorts): Promise<number> {
  const { client, signal } = ports;
  const services = new Set(options.services.map((name) => dnsName(name, 'logs')));
  const isWanted = (pod: Pod) => (services.size === 0 || services.has(pod.metadata.labels?.[serviceLabel] ?? '')) && hasLog(pod);
  const query = { namespace: project, labelSelector: selectorOf(project) };
  const first = await client.list(Pod, query);
  const pods = first.items.filter(isWanted).slice(0, podsMax);
  const width = Math.max(0, ...pods.map(({ metadata }) => metadata.name.length));
  const print = (pod: string, line: string) => ports.print(`${pod.padEnd(width)} | ${line}`);
  if (!options.follows) {
    for (const { pod, line } of await mergedLines(client, pods, options.tail ?? linesDefault)) print(pod, line);
    return 0;
  }
  // Of each pod, the container that was followed last: one that restarts is followed anew.
  const followed = new Map<string, number>();
  const open = new Set<Promise<void>>();
  const follow = (pod: Pod, tail?: number) => {
    const { uid = '', name } = pod.metadata;
    const restarts = pod.status?.containerStatuses?.[0]?.restartCount ?? 0;
    if (!isWanted(pod) || followed.get(uid) === restarts || open.size >= podsMax) return;
    followed.set(uid, restarts);
    const one = followLog(client, pod, tail, (line) => print(name, line), signal).finally(() => open.delete(one));
    open.add(one);
  };
  for (const pod of pods) follow(pod, options.tail);
  await untilAborted(client, query, first.resourceVersion, follow, signal);
  await Promise.all(open);
  return 0;
}

/** Each pod as it is and becomes. A watch that the server ends begins anew with what there is. */
async function untilAborted(
  client: HttpClient,
  query: ListOptions,
  since: string,
  see: (pod: Pod) => void,
  signal: AbortSignal,
): Promise<void> {
  let resourceVersion: string | undefined = since;
  while (!signal.aborted) {
    try {
      for await (const event of client.watch(Pod, { ...query, resourceVersion, signal })) {
        if (event.type === 'ADDED' || event.type === 'MODIFIED') see(event.object);
      }
    } catch (error) {
      if (!isReason(error, 'Expired')) throw error;
    }
    resourceVersion = undefined;
  }
}

function hasLog({ status }: Pod): boolean {
  return status?.containerStatuses?.some(({ state, lastState }) => state?.running || state?.terminated || lastState?.terminated) ?? false;
}

interface Line {
  pod: string;
  time: string;
  line: string;
}

async function mergedLines(client: HttpClient, pods: readonly Pod[], tail: number): Promise<Line[]> {
  const lists = await Promise.all(
    pods.map(async (pod): Promise<Line[]> => {
      const lines: Line[] = [];
      try {
        for await (const text of logLines(client.bytes(logPath(pod, { timestamps: 'true', tailLines: String(tail) })))) {
          const space = text.indexOf(' ');
          lines.push({ pod: pod.metadata.name, time: sortable(text.slice(0, space)), line: text.slice(space + 1) });
        }
      } catch (error) {
        // The pod has gone since it was listed.
        if (!(error instanceof StatusError) || error.code !== 404) throw error;
      }
      return lines;
    }),
  );
  // Stable: lines of one pod at one time stay in their order.
  return lists.flat().sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
}

/** Times differ in how many digits of a second they have. */
function sortable(time: string): string {
  const [, seconds = time, fraction = ''] = /^(.*?\d\d:\d\d:\d\d)(?:\.(\d+))?Z?$/.exec(time) ?? [];
  return `${seconds}.${fraction.padEnd(9, '0')}`;
}

async function followLog(
  client: HttpClient,
  pod: Pod,
  tail: number | undefined,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    const query = { follow: 'true', ...(tail !== undefined && { tailLines: String(tail) }) };
    for await (const line of logLines(client.bytes(logPath(pod, query), signal))) print(line);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    print(`its log cannot be read: ${error.message}`);
  }
}

/** The last one may have no end. */
export async function* logLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.write(Buffer.from(chunk))).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
    if (rest.length > lineCharactersMax) {
      yield rest;
      rest = '';
    }
  }
  rest += decoder.end();
  if (rest !== '') yield rest;
}

function logPath({ metadata: { namespace = '', name } }: Pod, query: Record<string, string>): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log?${new URLSearchParams(query)}`;
}
