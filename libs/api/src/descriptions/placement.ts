// Where pods go: near which nodes and pods, past which taints, and spread over what.
import type { Descriptions } from './descriptions.ts';

const required = 'What must hold when the pod is placed; it stays when that changes later.';
const preferred = 'What should hold when the pod is placed; the more weight, the better the node.';

export const placementDescriptions: Descriptions = {
  'core.v1.Affinity': {
    '': 'What a pod should be near to, or far from.',
    nodeAffinity: 'Which nodes.',
    podAffinity: 'Which pods it should be near to.',
    podAntiAffinity: 'Which pods it should be far from.',
  },
  'core.v1.NodeAffinity': {
    '': 'Which nodes a pod should go to.',
    requiredDuringSchedulingIgnoredDuringExecution: required,
    preferredDuringSchedulingIgnoredDuringExecution: preferred,
  },
  'core.v1.PodAffinity': {
    '': 'Which pods a pod should be near to.',
    requiredDuringSchedulingIgnoredDuringExecution: required,
    preferredDuringSchedulingIgnoredDuringExecution: preferred,
  },
  'core.v1.PodAntiAffinity': {
    '': 'Which pods a pod should be far from.',
    requiredDuringSchedulingIgnoredDuringExecution: required,
    preferredDuringSchedulingIgnoredDuringExecution: preferred,
  },
  'core.v1.NodeSelector': { '': 'Chooses nodes.', nodeSelectorTerms: 'One of them is enough.' },
  'core.v1.NodeSelectorTerm': {
    '': 'Chooses nodes; all that it asks for must hold.',
    matchExpressions: 'Demands on labels of the node.',
    matchFields: 'Demands on fields of the node, such as metadata.name.',
  },
  'core.v1.NodeSelectorRequirement': {
    '': 'One demand on a node.',
    key: 'The label, or the field.',
    operator: 'How its value is compared: In, NotIn, Exists, DoesNotExist, Gt or Lt.',
    values: 'What it is compared with; empty for Exists and DoesNotExist, one whole number for Gt and Lt.',
  },
  'core.v1.PreferredSchedulingTerm': {
    '': 'Nodes that are better than others.',
    weight: 'How much better, from 1 to 100.',
    preference: 'Which nodes.',
  },
  'core.v1.PodAffinityTerm': {
    '': 'Chooses pods, and says what being near means.',
    labelSelector: 'Which pods, by labels.',
    namespaces: 'In which namespaces; by default in that of the pod.',
    topologyKey: 'The label of nodes whose values are equal where it is near, such as kubernetes.io/hostname.',
    namespaceSelector: 'In which namespaces, by their labels; added to those named.',
    matchLabelKeys: 'Labels in which the others must be like the pod itself.',
    mismatchLabelKeys: 'Labels in which the others must not be like the pod itself.',
  },
  'core.v1.WeightedPodAffinityTerm': {
    '': 'Pods that it is good to be near to, or far from.',
    weight: 'How good, from 1 to 100.',
    podAffinityTerm: 'Which pods, and what near means.',
  },
  'core.v1.Toleration': {
    '': 'A taint that does not keep the pod away.',
    key: 'The key of the taint; empty with Exists for all.',
    operator: 'Equal, which is the default, or Exists for any value.',
    value: 'The value of the taint.',
    effect: 'NoSchedule, PreferNoSchedule or NoExecute; empty for all.',
    tolerationSeconds: 'How many seconds the pod stays after a taint with NoExecute has come; by default for ever.',
  },
  'core.v1.TopologySpreadConstraint': {
    '': 'How evenly pods are spread.',
    maxSkew: 'By how many pods the fullest part may be ahead of the emptiest.',
    topologyKey: 'The label of nodes whose values make the parts.',
    whenUnsatisfiable: 'What to do when it cannot be so: DoNotSchedule or ScheduleAnyway.',
    labelSelector: 'Which pods are counted.',
    minDomains: 'How many parts there should be at least; with fewer, the emptiest counts as having none.',
    nodeAffinityPolicy: 'Whether nodes that the pod cannot go to by its selectors are left out: Honor, which is the default, or Ignore.',
    nodeTaintsPolicy: 'Whether nodes whose taints keep the pod away are left out: Honor, or Ignore, which is the default.',
    matchLabelKeys: 'Labels in which pods must be like the pod itself to be counted.',
  },
};
