// More memory for what the kernel killed for want of it: the limit stands in the template of the workload that the pod belongs to.
import type { Container, ContainerStatus, Pod, PodSpec } from '@berth/api';
import { isQuantity, parseQuantity } from '@berth/machinery';
import { kubectlLine } from '../kubectl-line.ts';
import { kubectlName, objectPath } from '../resource-types.ts';
import { type Action, strategicPatch } from './action.ts';
import type { Subject } from './subject.ts';

const mebibyte = 1024 ** 2;

/** Containers of the pods that were killed for their memory, now or when they last ended. */
export function outOfMemory(pods: Pod[]): string[] {
  const names = pods.flatMap(({ status }) => (status?.containerStatuses ?? []).filter(wasKilled).map(({ name }) => name));
  return [...new Set(names)];
}

function wasKilled({ state, lastState }: ContainerStatus): boolean {
  return state?.terminated?.reason === 'OOMKilled' || lastState?.terminated?.reason === 'OOMKilled';
}

/** @param workload a Deployment, StatefulSet or DaemonSet; undefined when its container has no limit to raise */
export function raiseMemory(workload: Subject, container: string): Action | undefined {
  const { type, namespace, name, object, title } = workload;
  const template = (object as { spec?: { template?: { spec?: PodSpec } } }).spec?.template?.spec;
  const found = template?.containers.find((candidate) => candidate.name === container);
  const limit = found?.resources?.limits?.memory;
  if (!found || !limit) return undefined;
  return {
    id: `raise-memory-${container}`,
    kind: workload.type.kind,
    label: 'Raise memory limit',
    title: `Raise the memory limit of container ${container} of ${title}`,
    effect: `It is ${limit} now, and was too little. The pods are replaced as the strategy says.`,
    access: [workload.may('patch')],
    before: object,
    field: { label: 'Memory limit', initial: doubled(limit), wrong: (value) => wrongLimit(value, found) },
    plan: (value) => ({
      request: {
        method: 'PATCH',
        path: objectPath(type, namespace, name),
        contentType: strategicPatch,
        body: { spec: { template: { spec: { containers: [{ name: container, resources: { limits: { memory: value } } }] } } } },
      },
      kubectl: kubectlLine(namespace, 'set', 'resources', kubectlName(type, name), '-c', container, `--limits=memory=${value}`),
    }),
  };
}

function doubled(limit: string): string {
  const bytes = 2 * parseQuantity(limit).toNumber();
  return bytes % mebibyte === 0 ? `${bytes / mebibyte}Mi` : `${Math.ceil(bytes)}`;
}

function wrongLimit(value: string, { resources }: Container): string | undefined {
  if (!isQuantity(value)) return 'A quantity such as 256Mi or 1Gi.';
  const request = resources?.requests?.memory;
  const isLess = request !== undefined && parseQuantity(value).toNumber() < parseQuantity(request).toNumber();
  return isLess ? `Not less than its request, ${request}.` : undefined;
}
