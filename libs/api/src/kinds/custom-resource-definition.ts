// CustomResourceDefinition: brings a kind of its own into the API, with its schema.
import { defineKind } from '@berth/machinery';
import { createdAtColumn, nameColumn } from '../columns/column.ts';
import { defaultCustomResourceDefinition } from '../defaults/custom-resource-definition.ts';
import type { CustomResourceDefinition as Type } from '../generated/apiextensions-v1.types.ts';
import { schemas } from '../schemas.ts';
import { beginCleanup } from '../strategies/custom-resource-cleanup.ts';
import { addStoredVersion } from '../strategies/custom-resource-definition.ts';
import { validateDefinition, validateDefinitionStatus } from '../validation/custom-resource-definition/definition.ts';
import { validateMetadataUpdate } from '../validation/metadata.ts';
import { definitionWarnings } from '../warnings/custom-resource-definition.ts';

export type CustomResourceDefinition = Type;

export const CustomResourceDefinition = defineKind<CustomResourceDefinition>({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  scope: 'Cluster',
  schema: schemas.message('apiextensions.v1.CustomResourceDefinition'),
  description: 'A kind of its own in the API: its names, versions and schema.',
  subresources: {
    status: true,
  },

  strategy: {
    requiresVersion: true,
    statusTakesPlainFinalizers: true,
    prepareForCreate: addStoredVersion,
    prepareForUpdate: addStoredVersion,
    prepareForDelete: beginCleanup,
    marksDeletion: 'alone',
  },
  defaults: defaultCustomResourceDefinition,
  validate: validateDefinition,
  validateUpdate: validateMetadataUpdate,
  validateStatusUpdate: validateDefinitionStatus,
  columns: [nameColumn(), createdAtColumn()],
  warnings: definitionWarnings,
});
