// Where groups and versions stand in discovery, as Kubernetes orders its own: clients take the first that fits.

export interface Priority {
  /** Among groups; the highest comes first. */
  group: number;
  /** Among versions of the group; the highest comes first. */
  version: number;
}

const core: Priority = { group: 18_000, version: 1 };
const stable = 15;

const groups: Record<string, number> = {
  apps: 17_800,
  'events.k8s.io': 17_750,
  'authentication.k8s.io': 17_700,
  'authorization.k8s.io': 17_600,
  autoscaling: 17_500,
  batch: 17_400,
  'certificates.k8s.io': 17_300,
  'networking.k8s.io': 17_200,
  policy: 17_100,
  'rbac.authorization.k8s.io': 17_000,
  'storage.k8s.io': 16_800,
  'apiextensions.k8s.io': 16_700,
  'admissionregistration.k8s.io': 16_700,
  'scheduling.k8s.io': 16_600,
  'coordination.k8s.io': 16_500,
  'node.k8s.io': 16_300,
  'discovery.k8s.io': 16_200,
  'resource.k8s.io': 16_200,
  'flowcontrol.apiserver.k8s.io': 16_100,
};

/** Versions that do not stand where the first stable one of a group does. */
const versions: Record<string, number> = {
  'admissionregistration.k8s.io/v1beta1': 12,
  'autoscaling/v2': 30,
  'resource.k8s.io/v1': 21,
  'flowcontrol.apiserver.k8s.io/v1': 21,
};

/** Of what users define. */
export const customPriority: Priority = { group: 1_000, version: 100 };

/** Of a group version of Berth itself; undefined for one that Kubernetes leaves to others. */
export function builtInPriority(group: string, version: string): Priority | undefined {
  if (group === '') return core;
  const own = groups[group];
  return own === undefined ? undefined : { group: own, version: versions[`${group}/${version}`] ?? stable };
}
