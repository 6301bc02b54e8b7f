// What a version of a kind says for itself.
import type { CustomResourceDefinitionVersion } from '../../generated/apiextensions-v1.types.ts';
import { each, type FieldError, invalid } from '../errors.ts';
import { validateColumn } from './columns.ts';
import type { Strictness } from './ratchets.ts';
import { validateSchema } from './schema.ts';
import { keepsMany, validateSelectableFields } from './selectable-fields.ts';
import { unsupportedPart } from './structural.ts';
import { validateSubresources } from './subresources.ts';
import type { Part } from './versions-as-one.ts';

export interface PartRules {
  strict: Strictness;
  /** Whether the status is written for itself, in the versions that the part is about. */
  hasStatus: boolean;
  old: Part | undefined;
}

/** Of a version, or of what all versions have in common. */
export function validateVersion(part: Part, { strict, hasStatus, old }: PartRules, field: string): FieldError[] {
  const { schema, subresources, additionalPrinterColumns: columns } = part;
  return [
    ...(schema ? validateSchema(schema, hasStatus, strict, `${field}.schema`) : []),
    ...validateSubresources(subresources, `${field}.subresources`),
    ...each(columns, `${field}.additionalPrinterColumns`, validateColumn),
    ...selectable(part, 'may only be set when `version.schema.openAPIV3Schema` is not included', old, field),
  ];
}

export function validateCommon(part: Part, { strict, hasStatus, old }: PartRules, field: string): FieldError[] {
  const { schema, subresources, additionalPrinterColumns: columns } = part;
  return [
    ...(schema ? validateSchema(schema, hasStatus, strict, `${field}.validation`) : []),
    ...validateSubresources(subresources, `${field}.subresources`),
    ...each(columns, `${field}.additionalPrinterColumns`, validateColumn),
    ...selectable(part, 'may only be set when validations.schema is included', old, field),
  ];
}

function selectable(part: Part, withoutSchema: string, old: Part | undefined, field: string): FieldError[] {
  const { selectableFields = [], schema } = part;
  const at = `${field}.selectableFields`;
  if (selectableFields.length === 0) return [];
  const root = schema?.openAPIV3Schema;
  if (!root) return [invalid(at, '', withoutSchema)];
  const unsupported = unsupportedPart(root);
  return [
    ...(unsupported === undefined ? [] : [invalid(`${field}.schema.openAPIV3Schema`, '', unsupported)]),
    ...validateSelectableFields(selectableFields, root, at, keepsMany(selectableFields, old?.selectableFields)),
  ];
}

const warningBytesMax = 256;

export function validateDeprecation(
  { deprecated, deprecationWarning: text }: Partial<CustomResourceDefinitionVersion>,
  field: string,
): FieldError[] {
  if (text === undefined) return [];
  const at = `${field}.deprecationWarning`;
  if (!deprecated) return [invalid(at, text, 'can only be set for deprecated versions')];
  const errors: FieldError[] = [];
  if (new TextEncoder().encode(text).length > warningBytesMax)
    errors.push(invalid(at, text, `must be <= ${warningBytesMax} characters long`));
  if (text === '') errors.push(invalid(at, text, 'must not be an empty string'));
  const odd = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.exec(text);
  if (odd) {
    const byte = new TextEncoder().encode(text.slice(0, odd.index)).length;
    errors.push(invalid(at, text, `must only contain printable UTF-8 characters; non-printable character found at index ${byte}`));
  }
  return errors;
}
