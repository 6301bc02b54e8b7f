// The scale subresource of custom resources: where numbers of replicas are, and what they may be.
import { type FieldError, goText, goType, isRecord, type KubeObject, type ScaleMapping } from '@berth/machinery';
import type { CustomResourceSubresourceScale } from '../generated/apiextensions-v1.types.ts';
import { invalid } from '../validation/errors.ts';

const replicasMax = 2 ** 31 - 1;

export function scaleMapping({ specReplicasPath, statusReplicasPath, labelSelectorPath }: CustomResourceSubresourceScale): ScaleMapping {
  return {
    specReplicas: specReplicasPath,
    statusReplicas: statusReplicasPath,
    ...(labelSelectorPath && { selector: labelSelectorPath, selectsByText: true as const }),
  };
}

export function scaleErrors({ specReplicasPath, ...status }: CustomResourceSubresourceScale, object: KubeObject): FieldError[] {
  return [...replicaErrors(specReplicasPath, object), ...scaleStatusErrors(status, object)];
}

/** What a write of the status alone may get wrong. */
export function scaleStatusErrors(
  { statusReplicasPath, labelSelectorPath }: Omit<CustomResourceSubresourceScale, 'specReplicasPath'>,
  object: KubeObject,
): FieldError[] {
  return [...replicaErrors(statusReplicasPath, object), ...(labelSelectorPath ? selectorErrors(labelSelectorPath, object) : [])];
}

function replicaErrors(path: string, object: KubeObject): FieldError[] {
  const { value, wrong } = nested(path, object, 'int64');
  if (wrong !== undefined) return [invalid(path, 0, wrong)];
  if (typeof value !== 'number' && typeof value !== 'bigint') return [];
  if (value < 0) return [invalid(path, value, 'should be a non-negative integer')];
  return value > replicasMax ? [invalid(path, value, `should be less than or equal to ${replicasMax}`)] : [];
}

function selectorErrors(path: string, object: KubeObject): FieldError[] {
  const { wrong } = nested(path, object, 'string');
  return wrong === undefined ? [] : [invalid(path, '', wrong)];
}

/** What is at a path of names alone, and that it is of a type of Go. */
function nested(path: string, object: KubeObject, type: 'int64' | 'string'): { value?: unknown; wrong?: string } {
  const names = path.replace(/^\./, '').split('.');
  const not = (depth: number, value: unknown, wanted: string) =>
    `.${names.slice(0, depth).join('.')} accessor error: ${goText(value)} is of the type ${goType(value)}, expected ${wanted}`;
  let value: unknown = object;
  for (const [i, name] of names.entries()) {
    if (value === null) return {};
    if (!isRecord(value)) return { wrong: not(i + 1, value, 'map[string]interface{}') };
    if (!Object.hasOwn(value, name)) return {};
    value = value[name];
  }
  return goType(value) === type ? { value } : { wrong: not(names.length, value, type) };
}
