// `berth compose down`: ends a project. Volumes stay, as in Docker, unless they are asked for; so does the namespace, which may hold more.
import { Pod } from '@berth/api';
import { until } from './awaited-state.ts';
import { projectObjectsThere, remove, selectorOf } from './project-kinds.ts';
import type { UpPorts } from './up.ts';

const timeoutSecondsDefault = 120;

export async function takeDown(
  project: string,
  { removesVolumes, timeoutSeconds = timeoutSecondsDefault }: { removesVolumes: boolean; timeoutSeconds?: number },
  { client, progress, signal: interrupt }: UpPorts,
): Promise<number> {
  const signal = AbortSignal.any([interrupt, AbortSignal.timeout(timeoutSeconds * 1000)]);
  for (const object of await projectObjectsThere(client, project, removesVolumes)) {
    await remove(client, object);
    progress(`${object.kind} ${object.metadata.name}: removed`);
  }
  const areGone = await until(
    client,
    { kind: Pod, namespace: project, labelSelector: selectorOf(project) },
    (pods) => pods.size === 0,
    signal,
  );
  if (!areGone) throw new Error(`pods of ${project} still run after ${timeoutSeconds} s: kubectl get pods -n ${project} shows them`);
  return 0;
}
