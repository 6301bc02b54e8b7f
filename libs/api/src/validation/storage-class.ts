// Storage classes: who provisions, with which parameters, and where.
import { deepEqual } from '@berth/machinery';
import type { TopologySelectorTerm } from '../generated/core-v1.types.ts';
import type { StorageClass } from '../generated/storage-v1.types.ts';
import { isEqual } from './changes.ts';
import {
  duplicate,
  duplicates,
  each,
  type FieldError,
  forbidden,
  immutable,
  invalid,
  invalidAll,
  notSupported,
  optionalOneOf,
  required,
  tooLong,
} from './errors.ts';
import { qualified } from './names.ts';

export function validateStorageClassFields(storageClass: StorageClass): FieldError[] {
  const { volumeBindingMode: binding } = storageClass;
  const provisioner = (storageClass.provisioner ?? '').toLowerCase();
  const bindings = ['Immediate', 'WaitForFirstConsumer'];
  return [
    ...(provisioner ? invalidAll('provisioner', provisioner, qualified(provisioner)) : [required('provisioner')]),
    ...optionalOneOf('reclaimPolicy', storageClass.reclaimPolicy, ['Delete', 'Retain']),
    ...(binding === undefined ? [required('volumeBindingMode')] : []),
    ...(binding === undefined || bindings.includes(binding) ? [] : [notSupported('volumeBindingMode', binding, bindings)]),
    ...classParameters(storageClass.parameters ?? {}),
    ...topologies(storageClass.allowedTopologies ?? []),
  ];
}

const parametersMax = 512;
const parametersBytesMax = 256 * 1024;

export function classParameters(parameters: Record<string, string>): FieldError[] {
  const entries = Object.entries(parameters);
  if (entries.length > parametersMax) return [tooLong('parameters', parametersMax)];
  const errors = entries.some(([key]) => key === '') ? [invalid('parameters', '', 'field can not be empty.')] : [];
  const bytes = entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  return bytes > parametersBytesMax ? [...errors, tooLong('parameters', parametersBytesMax)] : errors;
}

function topologies(terms: TopologySelectorTerm[]): FieldError[] {
  return each(terms, 'allowedTopologies', ({ matchLabelExpressions: list = [] }, field, index) => {
    const at = `${field}.matchLabelExpressions`;
    const errors = each(list, at, ({ key = '', values = [] }, path) => [
      ...(values.length > 0 ? [] : [required(`${path}.values`)]),
      ...duplicates(
        values,
        (value) => `value ${value}`,
        (i, value) => duplicate(`${path}.values[${i}]`, value),
      ),
      ...invalidAll(`${path}.key`, key, qualified(key)),
    ]);
    const repeated = duplicates(
      list,
      ({ key = '' }) => `key ${key}`,
      (i, { key = '' }) => duplicate(`${at}[${i}].key`, key),
    );
    const isKnown = terms.slice(0, index).some((other) => deepEqual(selection(other), selection(terms[index])));
    // Kubernetes compares each with as many empty ones as there are terms, too.
    const isEmptyTerm = list.length === 0;
    return [...errors, ...repeated, ...(isKnown || isEmptyTerm ? [duplicate(at, '')] : [])];
  });
}

/** By key, which values: the order of neither says anything. */
function selection(term: TopologySelectorTerm | undefined): Record<string, string[]> {
  return Object.fromEntries((term?.matchLabelExpressions ?? []).map(({ key = '', values = [] }) => [key, [...new Set(values)].sort()]));
}

export function validateStorageClassUpdate(next: StorageClass, old: StorageClass): FieldError[] {
  const errors: FieldError[] = [];
  for (const key of ['parameters', 'provisioner', 'reclaimPolicy'] as const) {
    if (!isEqual(next[key], old[key])) errors.push(forbidden(key, `updates to ${key} are forbidden.`));
  }
  if (next.volumeBindingMode !== old.volumeBindingMode) errors.push(invalid('volumeBindingMode', next.volumeBindingMode, immutable));
  return errors;
}
