// The smallest valid object of every kind that brings further kinds into the API.
import type { CustomResourceDefinition } from '../generated/apiextensions-v1.types.ts';
import type { APIService } from '../generated/apiregistration-v1.types.ts';

export const extensionSamples = {
  CustomResourceDefinition: (): CustomResourceDefinition => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'samples.example.com' },
    spec: {
      group: 'example.com',
      names: { plural: 'samples', kind: 'Sample' },
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  }),
  APIService: (): APIService => ({
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1.samples.example.com' },
    spec: { group: 'samples.example.com', version: 'v1', groupPriorityMinimum: 1000, versionPriority: 15 },
  }),
};
