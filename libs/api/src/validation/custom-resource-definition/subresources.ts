// Where the scale subresource finds its numbers.
import type { CustomResourceSubresourceScale, CustomResourceSubresources } from '../../generated/apiextensions-v1.types.ts';
import { type FieldError, invalid, required } from '../errors.ts';
import { simplePath } from './columns.ts';

export function validateSubresources(subresources: CustomResourceSubresources | undefined, field: string): FieldError[] {
  const scale: Partial<CustomResourceSubresourceScale> | undefined = subresources?.scale;
  if (!scale) return [];
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale;
  const errors = pathUnder(specReplicasPath, ['.spec.'], 'should be a json path under .spec', `${field}.scale.specReplicasPath`);
  const statusField = `${field}.scale.statusReplicasPath`;
  errors.push(...pathUnder(statusReplicasPath, ['.status.'], 'should be a json path under .status', statusField));
  if (!labelSelectorPath) return errors;
  const detail = 'should be a json path under either .spec or .status';
  return [...errors, ...pathUnder(labelSelectorPath, ['.spec.', '.status.'], detail, `${field}.scale.labelSelectorPath`)];
}

function pathUnder(path: string | undefined, starts: string[], detail: string, field: string): FieldError[] {
  if (!path) return [required(field)];
  const errors = simplePath(path, field);
  if (errors.length > 0) return errors;
  return starts.some((start) => path.startsWith(start)) ? [] : [invalid(field, path, detail)];
}
