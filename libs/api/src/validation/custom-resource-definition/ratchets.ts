// Rules that became stricter: what a definition did not keep before, it need not keep after an update.
import type { CustomResourceDefinition } from '../../generated/apiextensions-v1.types.ts';
import { type ConversionRules, conversionRulesAfter, strictConversion } from './conversion.ts';
import { isNonAtomicSet, keyErrors } from './list-rules.ts';
import { openApiTypes, type SchemaStrictness } from './open-api-schema.ts';
import { type Schema, someSchema } from './schema-shape.ts';
import { schemasOf } from './versions-as-one.ts';

export interface Strictness extends SchemaStrictness {
  /** Whether every version has a schema, not only those that are served. */
  schemas: boolean;
  conversion: ConversionRules;
}

const strict: Strictness = { schemas: true, knownTypes: true, atomicSets: true, mapKeys: true, conversion: strictConversion };

export function strictnessAfter(old: CustomResourceDefinition | undefined): Strictness {
  if (!old) return strict;
  const schemas = schemasOf(old);
  const none = (test: (schema: Schema) => boolean) => !schemas.some((schema) => someSchema(schema, test));
  return {
    schemas: schemas.length === (old.spec?.versions ?? []).length,
    knownTypes: none(({ type }) => Boolean(type) && !openApiTypes.includes(type ?? '')),
    atomicSets: none(isNonAtomicSet),
    mapKeys: none((schema) => keyErrors(schema, '').length > 0),
    conversion: conversionRulesAfter(old),
  };
}
