// What is asked for once it is known what is wrong: the scheduler's decision of a pod without a node, the last line of a container that
// ended, and who changed what before; and of Ingresses their certificates. Of the first problems only, and each once for as long as it cannot have changed.
import type { Change, Decision, Pod, Secret } from '@berth/api';
import {
  type Card,
  certificateOf,
  changeMarks,
  endedContainers,
  type Known,
  lineThatMatters,
  logLinesRead,
  type NamedSecret,
  namedSecrets,
} from '@berth/causes';
import { useQueries } from '@tanstack/react-query';
import { useMemo, useRef } from 'react';
import type { AccessQuestion } from '../model/actions/action.ts';
import { collectionPath, types } from '../model/resource-types.ts';
import type { Access } from './access.ts';
import type { ApiClient } from './api-client.ts';
import { useSession } from './session-context.ts';

const closerMax = 40;
const logBytesMax = 65_536;
const changesRead = 20;
const decisionEveryMs = 15_000;
const certificateEveryMs = 30_000;

type Found =
  | { type: 'decision'; key: string; value: Decision | undefined }
  | { type: 'line'; key: string; value: string | undefined }
  | { type: 'changes'; key: string; value: Change[] }
  | { type: 'certificate'; key: string; value: string | null | undefined };

interface Ask {
  /** Another of them, and it is asked for again. */
  version: string;
  everyMs?: number;
  fetch(ports: Ports): Promise<Found>;
}

interface Ports {
  api: ApiClient;
  access: Access;
}

export type CloserLook = Pick<Known, 'decisions' | 'lastLines' | 'changes' | 'certificates'>;

export function useCloserLook(asks: Ask[]): CloserLook {
  const { api, access } = useSession();
  const found = useQueries({
    queries: asks.map(({ version, everyMs, fetch }) => ({
      queryKey: ['closer', version],
      queryFn: () => fetch({ api, access }),
      staleTime: Number.POSITIVE_INFINITY,
      ...(everyMs !== undefined && { refetchInterval: everyMs }),
    })),
    combine: (results) => results.map(({ data }) => data),
  });
  // The array is another one each time; what is made of it is compared by whoever uses it.
  const last = useRef(found);
  if (last.current.length !== found.length || last.current.some((one, index) => one !== found[index])) last.current = found;
  const { current } = last;
  return useMemo(() => combined(current), [current]);
}

function combined(results: (Found | undefined)[]): CloserLook {
  const decisions = new Map<string, Decision | string>();
  const lastLines = new Map<string, string>();
  const changes = new Map<string, Change[]>();
  const certificates = new Map<string, string | null>();
  for (const data of results) {
    if (data?.type === 'decision' && data.value) decisions.set(data.key, data.value);
    if (data?.type === 'line' && data.value) lastLines.set(data.key, data.value);
    if (data?.type === 'changes') changes.set(data.key, data.value);
    if (data?.type === 'certificate' && data.value !== undefined) certificates.set(data.key, data.value);
  }
  return { decisions, lastLines, changes, certificates };
}

/** The same ones as long as the same is to be asked for. */
export function useAsks(cards: Card[], known: Known): Ask[] {
  const ofCards = cards.slice(0, closerMax).flatMap((card) => asksOf(card, known));
  const wanted = [...ofCards, ...namedSecrets(known.ingresses).slice(0, closerMax).map(certificateAsk)];
  const key = wanted.map(({ version }) => version).join('\n');
  // The key says all of what is asked for.
  return useMemo(() => wanted, [key]);
}

function asksOf({ first, cause }: Card, known: Known): Ask[] {
  const { namespace = '' } = first;
  const name = cause.object.startsWith('pod/') ? cause.object.slice('pod/'.length) : undefined;
  const pod =
    name === undefined ? undefined : known.pods.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
  const ofPod = pod ? [...(pod.spec.nodeName ? [] : [decisionAsk(pod)]), ...endedContainers(pod).map((ended) => lineAsk(pod, ended))] : [];
  return [...ofPod, ...changeMarks(first).map((mark) => changesAsk(mark, generationOf(mark, known)))];
}

function decisionAsk({ metadata }: Pod): Ask {
  const { namespace = '', name, uid } = metadata;
  return {
    version: `decision ${uid}`,
    everyMs: decisionEveryMs,
    fetch: async ({ api, access }) => {
      const group = 'decisions.scheduling.berth.io';
      const path = `/apis/${group}/v1alpha1/namespaces/${encodeURIComponent(namespace)}/decisions`;
      const key = `${namespace}/${name}`;
      const isAllowed = await access.isAllowed({ verb: 'list', group, resource: 'decisions', namespace });
      if (!isAllowed) return { type: 'decision', key, value: undefined };
      // As a list: that there is none yet is no error.
      const { items } = await api.list(path, { fieldSelector: `metadata.name=${name}` });
      return { type: 'decision', key, value: items[0] as Decision | undefined };
    },
  };
}

/** Of the secret nothing but the certificate is kept. */
function certificateAsk({ namespace, name }: NamedSecret): Ask {
  return {
    version: `certificate ${namespace}/${name}`,
    everyMs: certificateEveryMs,
    fetch: async ({ api, access }) => {
      const key = `${namespace}/${name}`;
      const isAllowed = await access.isAllowed({ verb: 'list', group: '', resource: 'secrets', namespace });
      if (!isAllowed) return { type: 'certificate', key, value: undefined };
      // As a list: that there is none is no error.
      const { items } = await api.list(collectionPath(types.Secret, namespace), { fieldSelector: `metadata.name=${name}` });
      const [secret] = items as unknown as Secret[];
      return { type: 'certificate', key, value: secret ? certificateOf(secret) : null };
    },
  };
}

function lineAsk({ metadata, status }: Pod, { name: container, isPrevious }: { name: string; isPrevious: boolean }): Ask {
  const { namespace = '', name, uid } = metadata;
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const restarts = all.find((one) => one.name === container)?.restartCount ?? 0;
  return {
    version: `line ${uid} ${container} ${restarts} ${isPrevious}`,
    fetch: async ({ api, access }) => {
      const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log`;
      const question: AccessQuestion = { verb: 'get', group: '', resource: 'pods', subresource: 'log', namespace };
      const key = `${namespace}/${name}/${container}`;
      if (!(await access.isAllowed(question))) return { type: 'line', key, value: undefined };
      const bounds = { tailLines: `${logLinesRead}`, limitBytes: `${logBytesMax}` };
      const query = { container, ...bounds, ...(isPrevious && { previous: 'true' }) };
      let text = '';
      for await (const part of api.stream(path, query, new AbortController().signal)) text += part;
      return { type: 'line', key, value: lineThatMatters(text) };
    },
  };
}

function changesAsk(mark: string, generation: number | undefined): Ask {
  const [kind, namespace = '', name = ''] = mark.split('/');
  return {
    version: `changes ${mark} ${generation}`,
    fetch: async ({ api, access }) => {
      const group = 'history.berth.io';
      const isAllowed = await access.isAllowed({ verb: 'list', group, resource: 'changes', namespace });
      if (!isAllowed) return { type: 'changes', key: mark, value: [] };
      const path = `/apis/${group}/v1alpha1/namespaces/${encodeURIComponent(namespace)}/changes`;
      const fieldSelector = `object.kind=${kind},object.name=${name}`;
      const list = await api.list(path, { fieldSelector, limit: `${changesRead}` });
      return { type: 'changes', key: mark, value: list.items as unknown as Change[] };
    },
  };
}

function generationOf(mark: string, known: Known): number | undefined {
  const [kind, namespace, name] = mark.split('/');
  const objects = { Deployment: known.deployments, StatefulSet: known.statefulSets, DaemonSet: known.daemonSets }[kind ?? ''];
  return objects?.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace)?.metadata.generation;
}
