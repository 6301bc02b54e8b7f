// One place to ask what a type or a field is for: what is written down for it, else what fields of that name always mean.
import { autoscalingDescriptions } from './autoscaling.ts';
import { claimDescriptions } from './claims.ts';
import { clusterDescriptions } from './cluster.ts';
import { containerDescriptions } from './containers.ts';
import { decisionDescriptions } from './decisions.ts';
import { definitionDescriptions } from './definitions.ts';
import type { Descriptions } from './descriptions.ts';
import { deviceDescriptions } from './devices.ts';
import { foreignVolumeDescriptions } from './foreign-volumes.ts';
import { historyDescriptions } from './history.ts';
import { jobDescriptions } from './jobs.ts';
import { kindDescriptions } from './kinds.ts';
import { metadataDescriptions } from './metadata.ts';
import { mutatingPolicyDescriptions } from './mutating-policies.ts';
import { placementDescriptions } from './placement.ts';
import { podStatusDescriptions } from './pod-status.ts';
import { podDescriptions } from './pods.ts';
import { requestDescriptions } from './requests.ts';
import { ruleDescriptions } from './rules.ts';
import { serviceDescriptions } from './services.ts';
import { storageDescriptions } from './storage.ts';
import { volumeDescriptions } from './volumes.ts';
import { workloadDescriptions } from './workloads.ts';

/** Every type that is described, by name. */
export const descriptions: ReadonlyMap<string, Record<string, string>> = merged([
  autoscalingDescriptions,
  claimDescriptions,
  containerDescriptions,
  decisionDescriptions,
  deviceDescriptions,
  foreignVolumeDescriptions,
  historyDescriptions,
  jobDescriptions,
  kindDescriptions,
  metadataDescriptions,
  mutatingPolicyDescriptions,
  placementDescriptions,
  podDescriptions,
  podStatusDescriptions,
  serviceDescriptions,
  volumeDescriptions,
  workloadDescriptions,
  requestDescriptions,
  storageDescriptions,
  clusterDescriptions,
  ruleDescriptions,
  definitionDescriptions,
]);

export function describe(message: string, field = ''): string | undefined {
  const own = descriptions.get(message)?.[field];
  if (own !== undefined) return own;
  if (message.endsWith('Condition') && field in conditionFields) return conditionFields[field];
  return field === 'observedGeneration' || message in kindDescriptions ? ofKinds[field] : undefined;
}

/** The same in every kind, and in what every status has. */
const ofKinds: Record<string, string> = {
  apiVersion: 'The group and version of the API that the object is written in, such as apps/v1.',
  kind: 'What sort of object this is, such as Pod; together with apiVersion it says which fields there are.',
  metadata: 'Name, labels and whatever else every object has.',
  spec: 'What is asked for; controllers work until it is so.',
  status: 'What was last seen to be so; written by the cluster, not by people.',
  observedGeneration:
    'The generation of the object that the status was made from; a smaller one than in metadata says that it is out of date.',
};

const conditionFields: Record<string, string> = {
  '': 'One thing that is true of the object, false or unknown, since when and why.',
  type: 'What the condition is about.',
  status: 'Whether it holds: True, False or Unknown.',
  lastProbeTime: 'When it was last looked at.',
  lastUpdateTime: 'When the condition was last written.',
  lastTransitionTime: 'When the status last changed from one value to another.',
  reason: 'Why, in one word that programs can match.',
  message: 'Why, in a sentence for people.',
};

function merged(files: Descriptions[]): Map<string, Record<string, string>> {
  const all = new Map<string, Record<string, string>>();
  for (const [type, fields] of files.flatMap((file) => Object.entries(file))) all.set(type, { ...all.get(type), ...fields });
  return all;
}
