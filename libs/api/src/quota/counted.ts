// What a pod's containers count for while a resize is under way: the most of what is asked for, what the node has granted and
// what is in force. What a node said it can never give is not counted.
import { parseQuantity } from '@berth/machinery';
import type { Container, ContainerStatus, Pod, PodSpec } from '../generated/core-v1.types.ts';

/** The pod's spec with requests as they count; the very spec when nothing is being resized, as almost always. */
export function countedSpec({ spec, status }: Pod): PodSpec {
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  if (statuses.length === 0) return spec;
  const isInfeasible = (status?.conditions ?? []).some(({ type, reason }) => type === 'PodResizePending' && reason === 'Infeasible');
  const counted = (list: Container[] = []) => list.map((container) => countedContainer(container, statuses, isInfeasible));
  const [containers, initContainers] = [counted(spec.containers), counted(spec.initContainers)];
  const isSame = (next: Container[], old: Container[] = []) => next.every((container, index) => container === old[index]);
  if (isSame(containers, spec.containers) && isSame(initContainers, spec.initContainers)) return spec;
  return { ...spec, containers, initContainers };
}

function countedContainer(container: Container, statuses: ContainerStatus[], isInfeasible: boolean): Container {
  const status = statuses.find(({ name }) => name === container.name);
  const own = container.resources?.requests ?? {};
  const lists = [status?.allocatedResources ?? {}, status?.resources?.requests ?? {}];
  if (lists.every((list) => Object.entries(list).every(([name, amount]) => own[name] === amount))) return container;
  const requests = { ...(isInfeasible ? withoutKnown(own, lists) : own) };
  for (const list of lists) for (const [name, amount] of Object.entries(list)) requests[name] = larger(amount, requests[name]);
  return { ...container, resources: { ...container.resources, requests } };
}

function withoutKnown(own: Record<string, string>, lists: Record<string, string>[]): Record<string, string> {
  return Object.fromEntries(Object.entries(own).filter(([name]) => lists.every((list) => list[name] === undefined)));
}

function larger(amount: string, than: string | undefined): string {
  return than !== undefined && parseQuantity(than).compare(parseQuantity(amount)) > 0 ? than : amount;
}
