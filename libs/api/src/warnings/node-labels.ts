// Labels of nodes that go by another name now: whoever selects nodes by the old one is warned.
import type { NodeSelectorTerm } from '../generated/core-v1.types.ts';
import type { LabelSelector } from '../generated/meta-v1.types.ts';
import type { RuntimeClass } from '../generated/node-v1.types.ts';
import { labelValue } from '../validation/names.ts';

const deprecatedLabels: Record<string, string> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'app.kubernetes.io/created-by': 'deprecated since v1.9',
  'scheduler.alpha.kubernetes.io/preferAvoidPods': 'deprecated since v1.22; use Taints and Tolerations instead',
  'node-role.kubernetes.io/master': 'use "node-role.kubernetes.io/control-plane" instead',
};

/** Why the label is not to be used any more; undefined for any other. */
export function deprecatedNodeLabel(key: string | undefined): string | undefined {
  return key !== undefined && Object.hasOwn(deprecatedLabels, key) ? deprecatedLabels[key] : undefined;
}

/** @param fieldOf the path of a key */
export function labelMapWarnings(labels: Record<string, string> | undefined, fieldOf: (key: string) => string): string[] {
  return Object.keys(labels ?? {}).flatMap((key) => {
    const message = deprecatedNodeLabel(key);
    return message ? [`${fieldOf(key)}: ${message}`] : [];
  });
}

function expressionKeys(expressions: { key?: string }[] | undefined, field: string): string[] {
  return (expressions ?? []).flatMap(({ key }, index) => {
    const message = deprecatedNodeLabel(key);
    return message ? [`${field}.matchExpressions[${index}].key: ${key} is ${message}`] : [];
  });
}

/** @param checksValues a preference may hold values that no label has; what is required is validated instead */
export function nodeSelectorTermWarnings(term: NodeSelectorTerm | undefined, checksValues: boolean, field: string): string[] {
  return (term?.matchExpressions ?? []).flatMap((expression, index) => {
    const path = `${field}.matchExpressions[${index}]`;
    const message = deprecatedNodeLabel(expression.key);
    const values = checksValues ? (expression.values ?? []) : [];
    return [
      ...(message ? [`${path}.key: ${expression.key} is ${message}`] : []),
      ...values.flatMap((value, at) => labelValue(value).map((reason) => `${path}.values[${at}]: ${value} is invalid, ${reason}`)),
    ];
  });
}

export function nodeSelectorWarnings(selector: LabelSelector | undefined, field: string): string[] {
  return [
    ...expressionKeys(selector?.matchExpressions, field),
    ...labelMapWarnings(selector?.matchLabels, (key) => `${field}.matchLabels.${key}`),
  ];
}

export function runtimeClassWarnings({ scheduling }: RuntimeClass): string[] {
  return labelMapWarnings(scheduling?.nodeSelector, () => 'scheduling.nodeSelector');
}
