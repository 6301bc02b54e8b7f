// One thing that is wrong, as it is shown.

export type ProblemKind =
  | 'Node'
  | 'Deployment'
  | 'StatefulSet'
  | 'DaemonSet'
  | 'ReplicaSet'
  | 'Job'
  | 'Pod'
  | 'PersistentVolumeClaim'
  | 'PersistentVolume'
  | 'HorizontalPodAutoscaler'
  | 'CronJob'
  | 'PodDisruptionBudget'
  | 'Ingress'
  | 'Namespace'
  | 'Service'
  | 'APIService'
  | 'ValidatingWebhookConfiguration'
  | 'MutatingWebhookConfiguration'
  /** No object: its name is a part of it. */
  | 'ControlPlane';

export interface Problem {
  kind: ProblemKind;
  namespace?: string | undefined;
  name: string;
  severity: 'error' | 'warning';
  /** One or two words, e.g. `CrashLoopBackOff`. */
  reason: string;
  message: string;
  /** RFC 3339. */
  since?: string | undefined;
  /** Problems of one group are one problem seen often. */
  group: string;
  /** Objects whose problems it explains, such as `Deployment/shop/web`. */
  explains?: string[];
  /** Objects whose problems would explain it. */
  explainedBy?: string[];
  /** Said only where something explains it: by itself it is no more than what is under way. */
  isOnlyConsequence?: true;
}
