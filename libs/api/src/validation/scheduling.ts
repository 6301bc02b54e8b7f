// Where a pod may run: affinity, tolerations, spread and gates.
import type {
  Affinity,
  NodeSelector,
  NodeSelectorTerm,
  PodAffinityTerm,
  PodSpec,
  Toleration,
  TopologySpreadConstraint,
} from '../generated/core-v1.types.ts';
import { duplicate, duplicates, each, type FieldError, forbidden, invalid, invalidAll, notSupported, required } from './errors.ts';
import { labelSelector } from './labels.ts';
import { dnsLabel, dnsSubdomain, labelValue, qualified } from './names.ts';

const actions = ['DoNotSchedule', 'ScheduleAnyway'];
const inclusion = ['Honor', 'Ignore'];
const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function tolerations(list: Toleration[] | undefined, field: string): FieldError[] {
  return each(list, field, (toleration, path) => {
    const { key, operator, value, effect } = toleration;
    const errors = key ? invalidAll(`${path}.key`, key, qualified(key)) : [];
    if (!key && operator !== 'Exists') {
      errors.push(
        invalid(
          `${path}.operator`,
          operator ?? '',
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
      );
    }
    if (toleration.tolerationSeconds !== undefined && effect !== 'NoExecute') {
      errors.push(invalid(`${path}.effect`, effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set"));
    }
    if (!operator || operator === 'Equal') {
      const reasons = labelValue(value ?? '');
      if (reasons.length > 0) errors.push(invalid(`${path}.operator`, value, reasons.join(';')));
    } else if (operator === 'Exists') {
      if (value) errors.push(invalid(`${path}.operator`, value, "value must be empty when `operator` is 'Exists'"));
    } else {
      // Comparisons are alpha: known by name, and off.
      const named = operator === 'Lt' || operator === 'Gt' ? ['Equal', 'Exists', 'Lt', 'Gt'] : ['Equal', 'Exists'];
      errors.push(notSupported(`${path}.operator`, operator, named));
    }
    if (effect && !effects.includes(effect)) errors.push(notSupported(`${path}.effect`, effect, effects));
    return errors;
  });
}

/** A node selector as required node affinity and as a volume's node affinity. */
export function nodeSelector(selector: NodeSelector | undefined, field: string): FieldError[] {
  if (!selector) return [];
  const path = `${field}.nodeSelectorTerms`;
  if ((selector.nodeSelectorTerms?.length ?? 0) === 0) return [required(path, 'must have at least one node selector term')];
  return each(selector.nodeSelectorTerms, path, nodeSelectorTerm);
}

function nodeSelectorTerm(term: NodeSelectorTerm, field: string): FieldError[] {
  const values = each(term.matchExpressions, `${field}.matchExpressions`, (requirement, path) =>
    each(requirement.values, `${path}.values`, (value, at) => invalidAll(at, value, labelValue(value))),
  );
  return [...preference(term, field), ...values];
}

/** Values that no label can have do no harm here: no node is preferred for them. */
function preference(term: NodeSelectorTerm, field: string): FieldError[] {
  return [
    ...each(term.matchExpressions, `${field}.matchExpressions`, (requirement, path) => {
      const { key = '', operator, values = [] } = requirement;
      const errors: FieldError[] = [];
      if (operator === 'In' || operator === 'NotIn') {
        if (values.length === 0) errors.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
      } else if (operator === 'Exists' || operator === 'DoesNotExist') {
        if (values.length > 0)
          errors.push(forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
      } else if (operator === 'Gt' || operator === 'Lt') {
        if (values.length !== 1) errors.push(required(`${path}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
      } else {
        errors.push(invalid(`${path}.operator`, operator ?? '', 'not a valid selector operator'));
      }
      errors.push(...invalidAll(`${path}.key`, key, qualified(key)));
      return errors;
    }),
    ...each(term.matchFields, `${field}.matchFields`, (requirement, path) => {
      const { key = '', operator, values = [] } = requirement;
      const errors: FieldError[] = [];
      if (operator !== 'In' && operator !== 'NotIn')
        errors.push(invalid(`${path}.operator`, operator ?? '', 'not a valid selector operator'));
      else if (values.length !== 1)
        errors.push(required(`${path}.values`, "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"));
      if (key !== 'metadata.name') errors.push(invalid(`${path}.key`, key, 'not a valid field selector key'));
      else errors.push(...each(values, `${path}.values`, (value, at) => invalidAll(at, value, dnsSubdomain(value))));
      return errors;
    }),
  ];
}

export function affinity(given: Affinity | undefined, field: string): FieldError[] {
  if (!given) return [];
  const node = given.nodeAffinity;
  const errors = nodeSelector(
    node?.requiredDuringSchedulingIgnoredDuringExecution,
    `${field}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution`,
  );
  errors.push(
    ...each(
      node?.preferredDuringSchedulingIgnoredDuringExecution,
      `${field}.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution`,
      (term, path) => [...weight(term.weight, path), ...preference(term.preference ?? {}, `${path}.preference`)],
    ),
  );
  for (const kind of ['podAffinity', 'podAntiAffinity'] as const) {
    const pods = given[kind];
    errors.push(
      ...each(
        pods?.requiredDuringSchedulingIgnoredDuringExecution,
        `${field}.${kind}.requiredDuringSchedulingIgnoredDuringExecution`,
        podAffinityTerm,
      ),
    );
    errors.push(
      ...each(
        pods?.preferredDuringSchedulingIgnoredDuringExecution,
        `${field}.${kind}.preferredDuringSchedulingIgnoredDuringExecution`,
        (term, path) => [
          ...weight(term.weight, path),
          ...podAffinityTerm(term.podAffinityTerm ?? { topologyKey: '' }, `${path}.podAffinityTerm`),
        ],
      ),
    );
  }
  return errors;
}

function weight(value: number | undefined, field: string): FieldError[] {
  return value !== undefined && value >= 1 && value <= 100 ? [] : [invalid(`${field}.weight`, value ?? 0, 'must be in the range 1-100')];
}

function podAffinityTerm(term: PodAffinityTerm, field: string): FieldError[] {
  return [
    ...labelSelector(term.labelSelector, `${field}.labelSelector`),
    ...labelSelector(term.namespaceSelector, `${field}.namespaceSelector`),
    // Kubernetes names the list by what is in it.
    ...(term.namespaces ?? []).flatMap((name) => invalidAll(`${field}.namespace`, name, dnsLabel(name))),
    ...matchingKeys(term, field),
    ...(term.topologyKey ? [] : [required(`${field}.topologyKey`, 'can not be empty')]),
    ...invalidAll(`${field}.topologyKey`, term.topologyKey ?? '', qualified(term.topologyKey ?? '')),
  ];
}

/** Keys whose values a pod's own labels give: they extend a selector, and do not repeat it. */
function matchingKeys({ matchLabelKeys = [], mismatchLabelKeys = [], labelSelector: selector }: MatchingKeys, field: string): FieldError[] {
  const keys = (list: string[], path: string): FieldError[] => {
    if (list.length === 0) return [];
    if (!selector) return [forbidden(path, 'must not be specified when labelSelector is not set')];
    return each(list, path, (key, at) => invalidAll(at, key, qualified(key)));
  };
  const errors = [...keys(matchLabelKeys, `${field}.matchLabelKeys`), ...keys(mismatchLabelKeys, `${field}.mismatchLabelKeys`)];
  const selected = new Set(Object.keys(selector?.matchLabels ?? {}));
  for (const { key } of selector?.matchExpressions ?? []) {
    if (selected.has(key) && matchLabelKeys.includes(key))
      errors.push(invalid(`${field}[${matchLabelKeys.lastIndexOf(key)}]`, key, 'exists in both matchLabelKeys and labelSelector'));
    selected.add(key);
  }
  const both = each(matchLabelKeys, `${field}.matchLabelKeys`, (key, path) =>
    mismatchLabelKeys.includes(key) ? [invalid(path, key, 'exists in both matchLabelKeys and mismatchLabelKeys')] : [],
  );
  return [...errors, ...both];
}

type MatchingKeys = Pick<PodAffinityTerm, 'matchLabelKeys' | 'mismatchLabelKeys' | 'labelSelector'>;

export function topologySpread(list: TopologySpreadConstraint[] | undefined, field: string): FieldError[] {
  return each(list, field, (constraint, path, index) => {
    const { maxSkew, minDomains, whenUnsatisfiable = '', topologyKey = '' } = constraint;
    const errors = maxSkew > 0 ? [] : [invalid(`${path}.maxSkew`, maxSkew ?? 0, 'must be greater than zero')];
    if (!topologyKey) errors.push(required(`${path}.topologyKey`, 'can not be empty'));
    if (!actions.includes(whenUnsatisfiable)) errors.push(notSupported(`${path}.whenUnsatisfiable`, whenUnsatisfiable, actions));
    const isSame = (other: TopologySpreadConstraint) =>
      (other.topologyKey ?? '') === topologyKey && (other.whenUnsatisfiable ?? '') === whenUnsatisfiable;
    if (list?.slice(index + 1).some(isSame))
      errors.push(duplicate(`${path}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${whenUnsatisfiable}}`));
    for (const key of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      const policy = constraint[key];
      if (policy !== undefined && !inclusion.includes(policy)) errors.push(notSupported(`${path}.${key}`, policy, inclusion));
    }
    errors.push(...matchingKeys({ matchLabelKeys: constraint.matchLabelKeys, labelSelector: constraint.labelSelector }, path));
    if (minDomains !== undefined && minDomains <= 0) errors.push(invalid(`${path}.minDomains`, minDomains, 'must be greater than zero'));
    if (minDomains !== undefined && whenUnsatisfiable !== 'DoNotSchedule') {
      errors.push(
        invalid(`${path}.minDomains`, minDomains, `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`),
      );
    }
    return [...errors, ...labelSelector(constraint.labelSelector, `${path}.labelSelector`)];
  });
}

export function schedulingGates(spec: PodSpec, field: string): FieldError[] {
  const gates = spec.schedulingGates ?? [];
  return [
    ...each(gates, field, (gate, path) => invalidAll(path, gate.name ?? '', qualified(gate.name ?? ''))),
    ...duplicates(
      gates,
      (gate) => gate.name ?? '',
      (index, gate) => duplicate(`${field}[${index}]`, gate.name),
    ),
  ];
}
