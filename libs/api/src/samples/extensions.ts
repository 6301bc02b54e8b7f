// The smallest valid object of every apiextensions kind.
import type { CustomResourceDefinition } from '../generated/apiextensions-v1.types.ts';

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
};
