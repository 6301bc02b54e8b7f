// This node as admission sees it: what the control plane holds of its labels, taints and foreign resources, and what the agent itself
// can give. Before the control plane has said anything, what the agent registers with counts.
import type { Node } from '@berth/api';
import { type Resources, resourcesFrom } from '@berth/scheduling';
import { allocatable, type NodeFacts, nodeLabels } from '../node/node-object.ts';
import type { AdmittingNode, PressureCondition } from './admission.ts';
import { safeSysctls } from './allowed-sysctls.ts';
import type { NodeAllocatable } from './downward.ts';

export interface OwnNode {
  name: string;
  /** That the agent registers with. */
  labels: Record<string, string>;
  allocatable: NodeAllocatable;
  podsMax: number;
  /** Kernel settings that pods may have besides the safe ones: names, or patterns that end in `*`. */
  allowedUnsafeSysctls: readonly string[];
  hasAppArmor: boolean;
}

/** From what the agent registers with. */
export function ownNode(
  facts: NodeFacts,
  { allowedUnsafeSysctls, hasAppArmor }: Pick<OwnNode, 'allowedUnsafeSysctls' | 'hasAppArmor'>,
): OwnNode {
  const own = { name: facts.nodeName, labels: nodeLabels(facts), allocatable: allocatable(facts), podsMax: facts.podsMax };
  return { ...own, allowedUnsafeSysctls, hasAppArmor };
}

/** What becomes of a node from one moment to the next. */
export interface NodeMoment {
  /** What it is short of. */
  pressures: readonly PressureCondition[];
  isShuttingDown: boolean;
  hasStrictGroups: boolean;
}

/** @param known as the control plane sent it */
export function admittingNode(own: OwnNode, known: Node | undefined, moment: NodeMoment): AdmittingNode {
  const { name, allowedUnsafeSysctls, hasAppArmor } = own;
  return {
    ...{ ...moment, name, hasAppArmor },
    labels: known?.metadata.labels ?? own.labels,
    taints: known?.spec?.taints ?? [],
    allocatable: resources(own, known),
    allowedSysctls: [...safeSysctls, ...allowedUnsafeSysctls],
  };
}

/** What others have given the node stands beside what the agent measures, and never instead of it. */
function resources({ allocatable, podsMax }: OwnNode, known: Node | undefined): Resources {
  const own: Resources = new Map([
    ['cpu', Math.round(allocatable.cpuCores * 1000)],
    ['memory', allocatable.memoryBytes],
    ['ephemeral-storage', allocatable.storageBytes],
    ['pods', podsMax],
  ]);
  return new Map([...resourcesFrom(known?.status?.allocatable), ...own]);
}
