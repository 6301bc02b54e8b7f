// Deployments, stateful sets and daemon sets: how many pods, of what description, and how they are replaced.
import type { Descriptions } from './descriptions.ts';

const selector = 'Which pods belong to it, by labels; the labels of the template must fit, and it cannot be changed.';
const revisionHistoryLimit = 'How many old states are kept to go back to; by default 10.';
const minReadySeconds = 'How many seconds a new pod must be ready before it counts as available; by default 0.';
const collisionCount = 'How often the name of a state was taken already; names depend on it.';
const conditions = 'What is true of it, and since when.';

export const workloadDescriptions: Descriptions = {
  'core.v1.PodTemplateSpec': {
    '': 'The description of pods that are made from it.',
    metadata: 'Labels and annotations of the pods.',
    spec: 'What the pods run, and how.',
  },
  'apps.v1.DeploymentSpec': {
    '': 'How many pods there should be, of what description, and how they are replaced.',
    replicas: 'How many pods; by default 1.',
    selector,
    template: 'What the pods are like; a change replaces them.',
    strategy: 'How old pods make way for new ones.',
    minReadySeconds,
    revisionHistoryLimit,
    paused: 'Whether changes of the template wait.',
    progressDeadlineSeconds: 'After how many seconds without progress a change counts as failed; by default 600.',
  },
  'apps.v1.DeploymentStrategy': {
    '': 'A way of replacing pods.',
    type: 'RollingUpdate for step by step, which is the default; Recreate to end all old ones first.',
    rollingUpdate: 'How large the steps are.',
  },
  'apps.v1.RollingUpdateDeployment': {
    '': 'How large the steps are in which pods are replaced.',
    maxUnavailable: 'How many pods may be missing meanwhile, as a number or in percent, rounded down; by default 25 %.',
    maxSurge: 'How many pods may be there beyond the number asked for, as a number or in percent, rounded up; by default 25 %.',
  },
  'apps.v1.DeploymentStatus': {
    '': 'How many pods a deployment has, and how far its last change is.',
    replicas: 'How many pods there are.',
    updatedReplicas: 'How many of them are of the newest description.',
    readyReplicas: 'How many of them are ready.',
    availableReplicas: 'How many of them have been ready for long enough.',
    unavailableReplicas: 'How many are still missing until all that were asked for are available.',
    terminatingReplicas: 'How many pods are ending.',
    conditions,
    collisionCount,
  },
  'apps.v1.StatefulSetSpec': {
    '': 'How many pods there should be, of what description and with which storage, and how they are replaced.',
    replicas: 'How many pods; by default 1. They are named NAME-0, NAME-1 and so on.',
    selector,
    template: 'What the pods are like; a change replaces them.',
    volumeClaimTemplates: 'Claims that each pod gets one of its own of, and keeps when it is replaced.',
    serviceName: 'The service that gives the pods their host names.',
    podManagementPolicy: 'OrderedReady to start and end pods one after the other, which is the default; Parallel for all at once.',
    updateStrategy: 'How old pods make way for new ones.',
    revisionHistoryLimit,
    minReadySeconds,
    persistentVolumeClaimRetentionPolicy: 'What becomes of the claims when pods or the set go away.',
    ordinals: 'Which numbers the pods have.',
  },
  'apps.v1.StatefulSetUpdateStrategy': {
    '': 'A way of replacing pods that have names.',
    type: 'RollingUpdate for one after the other from the last, which is the default; OnDelete to wait until somebody deletes them.',
    rollingUpdate: 'How far and in which steps.',
  },
  'apps.v1.RollingUpdateStatefulSetStrategy': {
    '': 'How far and in which steps pods are replaced.',
    partition: 'Pods with smaller numbers stay as they are; by default 0.',
    maxUnavailable: 'How many pods may be missing meanwhile, as a number or in percent; by default 1.',
  },
  'apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy': {
    '': 'What becomes of claims.',
    whenDeleted: 'When the set is deleted: Retain, which is the default, or Delete.',
    whenScaled: 'When the set has fewer pods than before: Retain, which is the default, or Delete.',
  },
  'apps.v1.StatefulSetOrdinals': { '': 'Which numbers pods have.', start: 'The number of the first pod; by default 0.' },
  'apps.v1.StatefulSetStatus': {
    '': 'How many pods a stateful set has, and how far its last change is.',
    replicas: 'How many pods there are.',
    readyReplicas: 'How many of them are ready.',
    currentReplicas: 'How many of them are of the state that was there before the change.',
    updatedReplicas: 'How many of them are of the newest state.',
    currentRevision: 'The name of the state before the change.',
    updateRevision: 'The name of the newest state.',
    collisionCount,
    conditions,
    availableReplicas: 'How many of them have been ready for long enough.',
  },
  'apps.v1.DaemonSetSpec': {
    '': 'Of what description the pods are, and how they are replaced.',
    selector,
    template: 'What the pods are like, and through its node selector and tolerations where they run; a change replaces them.',
    updateStrategy: 'How old pods make way for new ones.',
    minReadySeconds,
    revisionHistoryLimit,
  },
  'apps.v1.DaemonSetUpdateStrategy': {
    '': 'A way of replacing pods node by node.',
    type: 'RollingUpdate for a few nodes at a time, which is the default; OnDelete to wait until somebody deletes them.',
    rollingUpdate: 'How many nodes at a time.',
  },
  'apps.v1.RollingUpdateDaemonSet': {
    '': 'How many nodes at a time have their pod replaced.',
    maxUnavailable: 'On how many nodes the pod may be missing meanwhile, as a number or in percent; by default 1.',
    maxSurge: 'On how many nodes the new pod may start beside the old one, as a number or in percent; by default 0.',
  },
  'apps.v1.DaemonSetStatus': {
    '': 'On how many nodes the pod should run and does.',
    currentNumberScheduled: 'How many nodes have the pod and should.',
    numberMisscheduled: 'How many nodes have the pod and should not.',
    desiredNumberScheduled: 'How many nodes should have the pod.',
    numberReady: 'On how many nodes it is ready.',
    updatedNumberScheduled: 'On how many nodes it is of the newest description.',
    numberAvailable: 'On how many nodes it has been ready for long enough.',
    numberUnavailable: 'On how many nodes it is missing, or not ready for long enough.',
    collisionCount,
    conditions,
  },
};
