// Why an object is not as it should be, in plain words: the cause that everything else follows from comes first, the object that was
// asked about last, and what to do next is a sentence and, where there is one, a command. Pure: whoever asks brings what is known.
import type {
  APIService,
  autoscalingV2,
  batchV1,
  Change,
  DaemonSet,
  Decision,
  Deployment,
  EndpointSlice,
  Event,
  Ingress,
  Job,
  MutatingWebhookConfiguration,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  policyV1,
  ReplicaSet,
  Service,
  StatefulSet,
  StorageClass,
  ValidatingWebhookConfiguration,
} from '@berth/api';
import type { KubeObject } from '@berth/machinery';
import type { Fix } from './fix.ts';

export type WebhookConfiguration = ValidatingWebhookConfiguration | MutatingWebhookConfiguration;

/** Of the cluster itself. */
export interface CertificateEnd {
  kind: 'Node' | 'ControlPlane';
  /** The node, or what of the control plane serves with it. */
  name: string;
  endsAtMs: number;
}

export interface Known {
  /** Unix milliseconds. */
  now: number;
  /** To judge one object: of its namespace, but for what has none. */
  pods: Pod[];
  replicaSets: ReplicaSet[];
  deployments: Deployment[];
  statefulSets: StatefulSet[];
  daemonSets: DaemonSet[];
  jobs: Job[];
  cronJobs: batchV1.CronJob[];
  autoscalers: autoscalingV2.HorizontalPodAutoscaler[];
  budgets: policyV1.PodDisruptionBudget[];
  ingresses: Ingress[];
  namespaces: Namespace[];
  claims: PersistentVolumeClaim[];
  services: Service[];
  endpointSlices: EndpointSlice[];
  events: Event[];
  nodes: Node[];
  volumes: PersistentVolume[];
  classes: StorageClass[];
  apiServices: APIService[];
  validatingWebhooks: ValidatingWebhookConfiguration[];
  mutatingWebhooks: MutatingWebhookConfiguration[];
  /** By `namespace/pod`; a text says why there is none. */
  decisions: ReadonlyMap<string, Decision | string>;
  /** The last line that matters, by `namespace/pod/container`. */
  lastLines: ReadonlyMap<string, string>;
  /** What was changed of workloads lately, the newest first, by `Kind/namespace/name`. */
  changes: ReadonlyMap<string, Change[]>;
  /** PEM of the secrets that Ingresses name, by `namespace/name`; null where there is none. Those that were not read are not in it. */
  certificates: ReadonlyMap<string, string | null>;
  /** How much of a claim's volume is free, from 0 to 1, by `namespace/name`, as its node measured last. */
  volumesFree: ReadonlyMap<string, number>;
  certificateEnds: CertificateEnd[];
  /** Resources that whoever asks may not read, by their plural: what is not there of them is not known to be missing. */
  unread: ReadonlySet<string>;
}

export interface Finding {
  /** Such as `pod/web-1`. */
  object: string;
  /** One or two words. */
  reason: string;
  says: string;
  /** RFC 3339. */
  since?: string;
}

export interface Step {
  text: string;
  /** To be copied. */
  command?: string;
  /** The same as data, for buttons. */
  fix?: Fix;
}

export interface Why {
  object: string;
  isWell: boolean;
  /** One sentence about the object that was asked for. */
  summary: string;
  /** The cause first, then what follows from it, down to the object. */
  causes: Finding[];
  steps: Step[];
}

export function well(object: string, summary: string, steps: Step[] = []): Why {
  return { object, isWell: true, summary, causes: [], steps };
}

/** What follows from something that is wrong elsewhere. */
export function consequence(object: string, reason: string, says: string, of: Why, steps: Step[] = []): Why {
  return { object, isWell: false, summary: says, causes: [...of.causes, { object, reason, says }], steps: [...of.steps, ...steps] };
}

export function unwell(object: string, finding: Omit<Finding, 'object'>, steps: Step[]): Why {
  return { object, isWell: false, summary: finding.says, causes: [{ object, ...finding }], steps };
}

export function objectName(kind: string, { metadata }: KubeObject): string {
  return `${kind}/${metadata.name}`;
}

/** `kubectl -n shop …`; without a namespace for what has none. */
export function kubectl(namespace: string | undefined, ...words: string[]): string {
  return ['kubectl', ...(namespace ? ['-n', namespace] : []), ...words].join(' ');
}

export function isOwnedBy(object: KubeObject, owner: KubeObject): boolean {
  return object.metadata.ownerReferences?.some(({ uid, controller }) => controller && uid === owner.metadata.uid) ?? false;
}
