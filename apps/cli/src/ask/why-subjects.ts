// What `berth why` can be asked about, and who judges it.
import {
  APIService,
  CronJob,
  DaemonSet,
  Deployment,
  HorizontalPodAutoscaler,
  Ingress,
  Job,
  MutatingWebhookConfiguration,
  Namespace,
  Node,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  Service,
  StatefulSet,
  ValidatingWebhookConfiguration,
} from '@berth/api';
import {
  type Known,
  type Why,
  whyClaim,
  whyCronJob,
  whyDeployment,
  whyNode,
  whyOwner,
  whyPod,
  whyProblem,
  whyService,
} from '@berth/causes';
import type { KindDefinition, KubeObject } from '@berth/machinery';
import { UsageError } from '@berth/telemetry/command-line';

export interface Subject {
  /** As it is written in answers. */
  word: string;
  kind: KindDefinition;
  judge(object: KubeObject, known: Known): Why;
}

interface Typed<T extends KubeObject> {
  names: string[];
  kind: KindDefinition<T>;
  judge(object: T, known: Known): Why;
}

function subject<T extends KubeObject>({ names, kind, judge }: Typed<T>): [string, Subject][] {
  const [word = ''] = names;
  // The judge is given only what was read as this kind.
  const erased = { word, kind: kind as unknown as KindDefinition, judge: judge as unknown as Subject['judge'] };
  return names.map((name) => [name, erased]);
}

const subjects = new Map<string, Subject>([
  ...subject({ names: ['pod', 'pods', 'po'], kind: Pod, judge: whyPod }),
  ...subject({ names: ['deployment', 'deployments', 'deploy'], kind: Deployment, judge: whyDeployment }),
  ...subject({
    names: ['replicaset', 'replicasets', 'rs'],
    kind: ReplicaSet,
    judge: (set, known) => whyOwner('replicaset', set, set.spec?.replicas ?? 1, known),
  }),
  ...subject({
    names: ['statefulset', 'statefulsets', 'sts'],
    kind: StatefulSet,
    judge: (set, known) => whyOwner('statefulset', set, set.spec.replicas ?? 1, known),
  }),
  ...subject({
    names: ['daemonset', 'daemonsets', 'ds'],
    kind: DaemonSet,
    judge: (set, known) => whyOwner('daemonset', set, set.status?.desiredNumberScheduled, known),
  }),
  ...subject({ names: ['job', 'jobs'], kind: Job, judge: (job, known) => whyOwner('job', job, undefined, known) }),
  ...subject({ names: ['pvc', 'persistentvolumeclaim', 'persistentvolumeclaims', 'claim'], kind: PersistentVolumeClaim, judge: whyClaim }),
  ...subject({ names: ['service', 'services', 'svc'], kind: Service, judge: whyService }),
  ...subject({ names: ['node', 'nodes', 'no'], kind: Node, judge: whyNode }),
  ...subject({ names: ['cronjob', 'cronjobs', 'cj'], kind: CronJob, judge: whyCronJob }),
  ...subject({
    names: ['ingress', 'ingresses', 'ing'],
    kind: Ingress,
    judge: (ingress, known) => whyProblem('Ingress', ingress, known),
  }),
  ...subject({
    names: ['hpa', 'horizontalpodautoscaler', 'horizontalpodautoscalers'],
    kind: HorizontalPodAutoscaler,
    judge: (autoscaler, known) => whyProblem('HorizontalPodAutoscaler', autoscaler, known),
  }),
  ...subject({
    names: ['pdb', 'poddisruptionbudget', 'poddisruptionbudgets'],
    kind: PodDisruptionBudget,
    judge: (budget, known) => whyProblem('PodDisruptionBudget', budget, known),
  }),
  ...subject({
    names: ['namespace', 'namespaces', 'ns'],
    kind: Namespace,
    judge: (namespace, known) => whyProblem('Namespace', namespace, known),
  }),
  ...subject({
    names: ['apiservice', 'apiservices'],
    kind: APIService,
    judge: (apiService, known) => whyProblem('APIService', apiService, known),
  }),
  ...subject({
    names: ['validatingwebhookconfiguration', 'validatingwebhookconfigurations'],
    kind: ValidatingWebhookConfiguration,
    judge: (configuration, known) => whyProblem('ValidatingWebhookConfiguration', configuration, known),
  }),
  ...subject({
    names: ['mutatingwebhookconfiguration', 'mutatingwebhookconfigurations'],
    kind: MutatingWebhookConfiguration,
    judge: (configuration, known) => whyProblem('MutatingWebhookConfiguration', configuration, known),
  }),
]);

/** @param words `web-1`, `deployment/web` or `deployment web` @throws UsageError */
export function readSubject(words: string[]): { subject: Subject; name: string } {
  const text = words.join('/');
  const parts = text.split('/');
  const [first = '', second] = parts;
  const [kind, name] = second === undefined ? ['pod', first] : [first.toLowerCase(), second];
  if (parts.length > 2 || name === '')
    throw new UsageError(`it is: berth why POD|deployment/NAME|pvc/NAME|service/NAME|node/NAME, not ${JSON.stringify(words.join(' '))}`);
  const found = subjects.get(kind);
  if (found) return { subject: found, name };
  const known = [...new Set([...subjects.values()].map(({ word }) => word))].join(', ');
  throw new UsageError(`${JSON.stringify(kind)} is nothing that can be asked about: it is one of ${known}`);
}
