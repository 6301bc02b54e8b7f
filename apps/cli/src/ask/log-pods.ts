// Whose pods `berth logs` reads: those that a workload, a Service or a selector selects.
import { CronJob, Job, Pod } from '@berth/api';
import { isRecord, type KindDefinition, type LabelSelectorObject, selectorText } from '@berth/machinery';
import { UsageError } from '@berth/telemetry/command-line';
import type { Cluster } from './cluster-options.ts';
import type { TypedObject } from './kind-words.ts';
import { find } from './why.ts';

export interface PodQuery {
  labelSelector?: string;
  fieldSelector?: string;
  /** For sentences. */
  words: string;
  /** Whether there is nothing more to come once these have ended. */
  isClosed: boolean;
}

/** @throws Error that says which there are instead, or that it has no pods */
export async function podQuery(cluster: Cluster, subject: TypedObject): Promise<PodQuery> {
  const word = subject.kind.kind.toLowerCase();
  const words = `${word}/${subject.name}`;
  const object = await find(cluster, { kind: subject.kind, word }, subject.name);
  if (is(subject.kind, Pod)) return { fieldSelector: `metadata.name=${subject.name}`, words, isClosed: true };
  if (is(subject.kind, CronJob)) return { labelSelector: await jobsOf(cluster, object.metadata.uid, words), words, isClosed: false };
  const labelSelector = selectorIn(object);
  if (labelSelector === '') throw new UsageError(`${words} selects no pods: logs are those of a pod, a workload, a job or a service`);
  return { labelSelector, words, isClosed: is(subject.kind, Job) };
}

function is(kind: KindDefinition, other: Pick<KindDefinition, 'group' | 'kind'>): boolean {
  return kind.group === other.group && kind.kind === other.kind;
}

/** A Service's selector is labels alone. */
export function selectorIn(object: object): string {
  const spec: Record<string, unknown> = 'spec' in object && isRecord(object.spec) ? object.spec : {};
  const { selector } = spec;
  if (!isRecord(selector)) return '';
  if (isRecord(selector.matchLabels) || Array.isArray(selector.matchExpressions)) return selectorText(selector as LabelSelectorObject);
  return Object.entries(selector)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(',');
}

async function jobsOf({ client, namespace }: Cluster, uid: string | undefined, words: string): Promise<string> {
  const { items } = await client.list(Job, { namespace });
  const names = items
    .filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid))
    .map(({ metadata }) => metadata.name);
  if (names.length === 0) throw new Error(`${words} has no jobs now: kubectl describe ${words} says when it last had one`);
  return `batch.kubernetes.io/job-name in (${names.join(',')})`;
}
