// `berth why`: the cause of what is wrong with an object, and what to do next. Exit codes: 0 it is well, 1 it is not, or it could not
// be found out (then that is on the standard error), 2 wrong usage.

import { Namespace } from '@berth/api';
import type { Why } from '@berth/causes';
import { isReason, type KubeObject, nearestNames } from '@berth/machinery';
import { UsageError } from '@berth/telemetry/command-line';
import { type Cluster, readAsked } from './cluster-options.ts';
import { gather, lookCloser } from './gather.ts';
import { readSubject, type Subject } from './why-subjects.ts';

export const whyUsage = `usage: berth why POD|deployment/NAME|pvc/NAME|service/NAME|node/NAME [-n NAMESPACE] [-o json] [--kubeconfig FILE]
  also replicaset/, statefulset/, daemonset/, job/, cronjob/, ingress/, hpa/, pdb/, namespace/, apiservice/,
  validatingwebhookconfiguration/ and mutatingwebhookconfiguration/. Exit code 1 when something is wrong with it.`;

export async function runWhy(argv: string[], print: (text: string) => void): Promise<number> {
  const asked = readAsked(argv);
  if (asked.isHelp) {
    print(whyUsage);
    return 0;
  }
  if (asked.positionals.length === 0 || asked.positionals.length > 2)
    throw new UsageError(whyUsage.split('\n')[0]?.replace('usage: ', 'it is: ') ?? '');
  const { subject, name } = readSubject(asked.positionals);
  return asked.ask(async (cluster) => {
    const why = await whyOf(cluster, subject, name);
    const namespace = subject.kind.namespaced ? cluster.namespace : undefined;
    print(asked.isJson ? JSON.stringify({ ...(namespace && { namespace }), ...why }, undefined, 2) : whyText(why, namespace));
    return why.isWell ? 0 : 1;
  });
}

async function whyOf(cluster: Cluster, subject: Subject, name: string): Promise<Why> {
  const { client, namespace } = cluster;
  const object = await find(cluster, subject, name);
  const known = await gather(client, subject.kind.namespaced ? namespace : undefined, Date.now());
  const { causes } = subject.judge(object, known);
  const named = causes.flatMap(({ object: whose }) => (whose.startsWith('pod/') ? [{ namespace, name: whose.slice('pod/'.length) }] : []));
  return subject.judge(object, await lookCloser(client, known, named, []));
}

/** @throws Error that says which there are instead */
export async function find(
  { client, namespace }: Cluster,
  { kind, word }: Pick<Subject, 'kind' | 'word'>,
  name: string,
): Promise<KubeObject> {
  const key = kind.namespaced ? { namespace, name } : { name };
  try {
    return await client.get(kind, key);
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error;
    const here = (await client.list(kind, kind.namespaced ? { namespace } : {})).items.map(({ metadata }) => metadata.name);
    const where = kind.namespaced ? ` in namespace ${namespace}` : '';
    throw new Error(`there is no ${word} ${name}${where}: ${await hint({ client, namespace }, kind, name, here)}`);
  }
}

async function hint(
  { client, namespace }: Pick<Cluster, 'client' | 'namespace'>,
  kind: Subject['kind'],
  name: string,
  here: string[],
): Promise<string> {
  const near = nearestNames(name, here);
  if (near.length > 0) return `did you mean ${near.join(' or ')}?`;
  if (!kind.namespaced) return `there are ${here.length > 0 ? here.join(', ') : 'none at all'}`;
  const elsewhere = await client.list(kind, { fieldSelector: `metadata.name=${name}` }).catch(() => undefined);
  const other = elsewhere?.items[0]?.metadata.namespace;
  if (other) return `there is one in namespace ${other}: add -n ${other}`;
  const isThere = await client.get(Namespace, { name: namespace }).then(
    () => true,
    (error: unknown) => !isReason(error, 'NotFound'),
  );
  if (!isThere) return `nor is there a namespace ${namespace}: kubectl get namespaces shows them`;
  return `kubectl -n ${namespace} get ${kind.plural} shows those that there are`;
}

export function whyText({ object, isWell, summary, causes, steps }: Why, namespace: string | undefined): string {
  const lines = [`${object}${namespace ? ` (${namespace})` : ''}: ${isWell ? 'nothing is wrong: ' : ''}${summary}`];
  if (causes.length > 0) lines.push('because', ...causes.map(({ object: whose, reason, says }) => `  ${whose}: ${reason}: ${says}`));
  if (steps.length > 0) lines.push('next', ...steps.flatMap(({ text, command }) => [`  ${text}`, ...(command ? [`    ${command}`] : [])]));
  return lines.join('\n');
}
