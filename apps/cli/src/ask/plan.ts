// `berth plan -f FILE`: what applying it would do, without doing it. Exit codes: 0 all of it would be taken and every pod would get a
// node, 1 something would be refused or wait (or nothing could be found out: then that is on the standard error), 2 wrong usage.
import type { KubeObject } from '@berth/machinery';
import { type Landing, type ObjectChange, type Plan, planFor } from '@berth/planning';
import { UsageError } from '@berth/telemetry/command-line';
import { type OwnOptions, readAsked } from './cluster-options.ts';
import { KindsOfServer } from './kinds-of-server.ts';
import { readManifests } from './manifests.ts';

export const planOptions: OwnOptions = { filename: { type: 'string', short: 'f', multiple: true } };

export const planUsage = `usage: berth plan -f FILE|FOLDER|- [-f ...] [-n NAMESPACE] [-o json] [--kubeconfig FILE]
  what applying these objects would change, where their pods would land, and what would be refused; nothing is changed.
  Exit code 1 when something would be refused or would wait.`;

export async function runPlan(
  argv: string[],
  print: (text: string) => void,
  stdin: NodeJS.ReadableStream = process.stdin,
): Promise<number> {
  const asked = readAsked(argv, planOptions);
  if (asked.isHelp) {
    print(planUsage);
    return 0;
  }
  const [word] = asked.positionals;
  if (word !== undefined) throw new UsageError(`it is: berth plan -f FILE, not ${JSON.stringify(word)}`);
  const objects = await readManifests(asked.texts('filename'), stdin);
  return asked.ask(async ({ client, namespace }) => {
    const known = new KindsOfServer(client);
    const placed: KubeObject[] = [];
    for (const object of objects) placed.push(await inNamespace(object, namespace, known));
    const plan = await planFor(placed, { client, kindOf: (object) => known.of(object), random: Math.random });
    print(asked.isJson ? JSON.stringify(plan, undefined, 2) : planText(plan));
    return isSmooth(plan) ? 0 : 1;
  });
}

async function inNamespace(object: KubeObject, namespace: string, known: KindsOfServer): Promise<KubeObject> {
  const kind = await known.of(object);
  if (!kind?.namespaced || object.metadata.namespace) return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}

function isSmooth({ objects, pods }: Plan): boolean {
  return objects.every(({ action }) => action !== 'refused') && pods.every(({ node }) => node !== undefined);
}

export function planText({ objects, pods, notes }: Plan): string {
  const counts = new Map<string, number>();
  for (const { action } of objects) counts.set(action, (counts.get(action) ?? 0) + 1);
  const lines = objects.flatMap(objectLines);
  for (const workload of new Set(pods.map((pod) => pod.workload))) lines.push(...podLines(workload, pods));
  lines.push(...notes.map((note) => `note: ${note}`));
  lines.push([...counts].map(([action, count]) => `${count} ${action}`).join(', '));
  return lines.join('\n');
}

function objectLines({ object, action, diff, refusal, notes }: ObjectChange): string[] {
  const head = `${object}: ${action}${refusal === undefined ? '' : `: ${refusal}`}`;
  const changed = diff ? diff.trimEnd().split('\n') : [];
  return [head, ...changed.map((line) => `    ${line}`), ...notes.map((note) => `  note: ${note}`)];
}

/** Pods that fare alike are one line. */
function podLines(workload: string, pods: readonly Landing[]): string[] {
  const own = pods.filter((pod) => pod.workload === workload);
  const fates = new Map<string, number>();
  for (const pod of own) fates.set(fateOf(pod), (fates.get(fateOf(pod)) ?? 0) + 1);
  const heading = `pods of ${workload}: ${own.length} new`;
  return [heading, ...[...fates].map(([fate, count]) => `  ${count} ${fate}`)];
}

function fateOf({ node, orElse, message, isRefused, victims }: Landing): string {
  if (isRefused) return `would be refused: ${message}`;
  const removed = victims && victims.length > 0 ? `, for which these would be removed: ${victims.join(', ')}` : '';
  if (node === undefined) return `would wait: ${message}${removed}`;
  return `on ${node}${orElse ? ` (or, as good, ${orElse.join(', ')})` : ''}${removed}`;
}
