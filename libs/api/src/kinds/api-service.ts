// APIService: which server answers for a version of a group, this one or one behind a service of the cluster.
import { defineKind } from '@berth/machinery';
import { apiServiceColumns } from '../columns/api-service.ts';
import { defaultApiService } from '../defaults/api-service.ts';
import type { APIService as Type } from '../generated/apiregistration-v1.types.ts';
import { schemas } from '../schemas.ts';
import { beginLocal } from '../strategies/api-service.ts';
import { validateApiService, validateApiServiceStatus } from '../validation/api-service.ts';
import { validateMetadataUpdate } from '../validation/metadata.ts';

export type APIService = Type;

export const APIService = defineKind<APIService>({
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  plural: 'apiservices',
  categories: ['api-extensions'],
  scope: 'Cluster',
  schema: schemas.message('apiregistration.v1.APIService'),
  description: 'Says which server answers for a version of a group of the API.',
  subresources: {
    status: true,
  },

  strategy: {
    requiresVersion: true,
    hasGeneration: false,
    statusKeeps: ['labels', 'annotations', 'finalizers', 'ownerReferences'],
    prepareForCreate: beginLocal,
  },
  defaults: defaultApiService,
  validate: validateApiService,
  validateUpdate: validateMetadataUpdate,
  validateStatusUpdate: validateApiServiceStatus,
  columns: apiServiceColumns,
});
