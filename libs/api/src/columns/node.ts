// `kubectl get nodes`.
import type { Column } from '@berth/machinery';
import type { Node } from '../generated/core-v1.types.ts';
import { ageColumn, nameColumn, none, text, unknown, wide } from './column.ts';

const rolePrefix = 'node-role.kubernetes.io/';

export const nodeColumns: Column<Node>[] = [
  nameColumn(),
  text('Status', 'Whether the node is ready and takes new pods', status),
  text('Roles', 'Roles from the node-role.kubernetes.io labels', roles),
  ageColumn(),
  text('Version', 'Version of the node agent', (node) => node.status?.nodeInfo?.kubeletVersion),
  wide(text('Internal-IP', 'Address within the cluster', (node) => address(node, 'InternalIP'))),
  wide(text('External-IP', 'Address from outside', (node) => address(node, 'ExternalIP'))),
  wide(text('OS-Image', 'Operating system', (node) => node.status?.nodeInfo?.osImage || unknown)),
  wide(text('Kernel-Version', 'Version of the kernel', (node) => node.status?.nodeInfo?.kernelVersion || unknown)),
  wide(
    text(
      'Container-Runtime',
      'Name and version of the container runtime',
      (node) => node.status?.nodeInfo?.containerRuntimeVersion || unknown,
    ),
  ),
];

function status(node: Node): string {
  const ready = node.status?.conditions?.find((condition) => condition.type === 'Ready');
  const word = ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown';
  return node.spec?.unschedulable ? `${word},SchedulingDisabled` : word;
}

function roles(node: Node): string {
  const names = Object.entries(node.metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(rolePrefix)) return [key.slice(rolePrefix.length)];
    return key === 'kubernetes.io/role' ? [value] : [];
  });
  return [...new Set(names.filter(Boolean))].sort().join(',') || none;
}

function address(node: Node, type: string): string {
  return node.status?.addresses?.find((entry) => entry.type === type)?.address ?? none;
}
