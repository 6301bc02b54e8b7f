// Pods that use more of the node's disk than they are allowed: an emptyDir beyond its size, a container or the pod beyond the limit for
// ephemeral storage. Words are the kubelet's. Pure.
import { type Pod, podAmounts } from '@berth/api';
import { parseQuantity, type Quantity } from '@berth/machinery';
import { diskUsage, noUsage, type PodUsage, total } from './pod-usage.ts';

/** Whether anything of the pod is limited, so that it has to be measured all the time. */
export function isLimited({ spec }: Pod): boolean {
  const limited = (spec.volumes ?? []).some(({ emptyDir }) => positive(emptyDir?.sizeLimit));
  return limited || podAmounts(spec, 'limits', true).has('ephemeral-storage');
}

/** Why the pod has to go; undefined while it keeps within its limits. @param hasImageDisk images and writable layers are on a disk of their own */
export function exceededLimit(pod: Pod, usage: PodUsage, hasImageDisk: boolean): string | undefined {
  return emptyDir(pod, usage) ?? ofPod(pod, usage) ?? ofContainer(pod, usage, hasImageDisk);
}

function emptyDir({ spec }: Pod, { volumes }: PodUsage): string | undefined {
  for (const { name, emptyDir: source } of spec.volumes ?? []) {
    const limit = positive(source?.sizeLimit);
    const used = volumes.get(name) ?? noUsage;
    if (limit && used.bytes > limit.value()) return `Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". `;
  }
  return undefined;
}

function ofPod({ spec }: Pod, usage: PodUsage): string | undefined {
  const limit = podAmounts(spec, 'limits', true).get('ephemeral-storage');
  if (!limit || diskUsage(usage, ['rootfs', 'logs', 'volumes']).bytes <= limit.value()) return undefined;
  return `Pod ephemeral local storage usage exceeds the total limit of containers ${limit}. `;
}

function ofContainer({ spec }: Pod, { containers }: PodUsage, hasImageDisk: boolean): string | undefined {
  for (const { name, resources } of spec.containers) {
    const limit = positive(resources?.limits?.['ephemeral-storage']);
    const used = containers.find((container) => container.name === name);
    if (!limit || !used) continue;
    const { bytes } = total(used.logs, hasImageDisk ? noUsage : used.rootfs);
    if (bytes > limit.value()) return `Container ${name} exceeded its local ephemeral storage limit "${limit}". `;
  }
  return undefined;
}

/** A limit of nothing is none. */
function positive(text: string | undefined): Quantity | undefined {
  const quantity = text === undefined ? undefined : parseQuantity(String(text));
  return quantity && quantity.nanos > 0n ? quantity : undefined;
}
