// What a decision of the scheduler says.
import type { Descriptions } from './descriptions.ts';

export const decisionDescriptions: Descriptions = {
  'decisions.v1alpha1.Decision': {
    podUID: 'The uid of the pod.',
    nodeName: 'The node that the pod got; nothing while it waits for one.',
    nominatedNodeName: 'The node on which others are removed for the pod.',
    reason: 'What became of the pod: Scheduled, Unschedulable, Preempting or BindingFailed.',
    message: 'Why the pod has no node, in the words of its event.',
    attempts: 'How often the scheduler has tried.',
    nodes: 'Of how many nodes it was the choice.',
    refusedBy: 'Plugins that refused nodes.',
    reasons: 'Why nodes were refused; a node may have several reasons.',
    refused: 'The first sixteen nodes that were refused, one by one.',
    scores: 'The best sixteen nodes that could take the pod, the best first.',
    preemption: 'Whom the pod displaces.',
    leastChanges:
      'Ways in which the pod would fit, each of the fewest changes. Only of a single decision that is read, and of a pod that waits.',
    notes: 'What is left out here, and why.',
  },
  'decisions.v1alpha1.NodeCounts': {
    '': 'How many nodes there were.',
    total: 'All of them.',
    feasible: 'Those that could take the pod.',
  },
  'decisions.v1alpha1.PluginRefusals': {
    '': 'What a plugin refused.',
    plugin: 'The name of the plugin.',
    nodes: 'How many nodes it refused.',
  },
  'decisions.v1alpha1.ReasonCount': {
    '': 'A reason, and how often there was.',
    reason: 'As the event of the pod has it.',
    nodes: 'On how many nodes it stood in the way.',
  },
  'decisions.v1alpha1.NodeRefusal': {
    '': 'Why a node cannot take the pod.',
    node: 'The name of the node.',
    plugin: 'The first plugin that refused it.',
    reasons: 'What that plugin said.',
  },
  'decisions.v1alpha1.NodeScore': {
    '': 'How good a node is for the pod.',
    node: 'The name of the node.',
    total: 'The sum of scores times weights; among equals chance decides.',
    plugins: 'What each plugin made of it.',
  },
  'decisions.v1alpha1.PluginScore': {
    '': 'What a plugin made of a node.',
    plugin: 'The name of the plugin.',
    score: 'From 0 to 100.',
    weight: 'What the score is multiplied by.',
  },
  'decisions.v1alpha1.Preemption': {
    '': 'Pods that are removed for one of higher priority.',
    nodeName: 'The node that they are removed from.',
    victimCount: 'How many they are.',
    victims: 'Names of those in the namespace of the pod, up to sixteen.',
    budgetViolations: 'How many of them are removed against a disruption budget.',
  },
  'decisions.v1alpha1.LeastChange': {
    '': 'Changes that together would make the pod fit.',
    node: 'A node that would take it then.',
    nodeCount: 'How many nodes would.',
    changes: 'All of them are needed.',
  },
  'decisions.v1alpha1.Change': {
    '': 'One thing to be different.',
    type: 'A demand of the pod that is given up, or what a node lacks.',
    text: 'What to do.',
    field: 'Where in the pod, for what is of the pod.',
    resource: 'What the node lacks.',
    lacks: 'How much of it.',
  },
};
