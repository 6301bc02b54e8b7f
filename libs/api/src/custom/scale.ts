// The scale subresource of custom resources: where numbers of replicas are, and what they may be.
import type { FieldError, KubeObject, ScaleMapping } from '@berth/machinery';
import type { CustomResourceSubresourceScale } from '../generated/apiextensions-v1.types.ts';
import { invalid } from '../validation/errors.ts';
import { parseJsonPath } from './json-path.ts';

const replicasMax = 2 ** 31 - 1;

export function scaleMapping({ specReplicasPath, statusReplicasPath, labelSelectorPath }: CustomResourceSubresourceScale): ScaleMapping {
  return {
    specReplicas: specReplicasPath,
    statusReplicas: statusReplicasPath,
    ...(labelSelectorPath && { selector: labelSelectorPath, selectsByText: true as const }),
  };
}

export function scaleErrors(scale: CustomResourceSubresourceScale, object: KubeObject): FieldError[] {
  return [...replicaErrors(scale.specReplicasPath, object), ...replicaErrors(scale.statusReplicasPath, object)];
}

function replicaErrors(path: string, object: KubeObject): FieldError[] {
  const value = parseJsonPath(path)?.(object)[0];
  if (value === undefined) return [];
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    return [invalid(path, 0, `${path} accessor error: ${JSON.stringify(value)} is of the type ${typeof value}, expected int64`)];
  }
  if (value < 0) return [invalid(path, value, 'should be a non-negative integer')];
  return value > replicasMax ? [invalid(path, value, `should be less than or equal to ${replicasMax}`)] : [];
}
