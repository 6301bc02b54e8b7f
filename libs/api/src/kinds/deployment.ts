// Deployment: rolls a pod template out through replica sets.
import { defineKind } from '@berth/machinery';
import { deploymentColumns } from '../columns/workloads.ts';
import { defaultDeployment } from '../defaults/workloads.ts';
import { podSpecDisabledFields } from '../disabled-fields.ts';
import type { Deployment as Type } from '../generated/apps-v1.types.ts';
import { schemas } from '../schemas.ts';
import { isEqual, isSame } from '../validation/changes.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { validateDeploymentStatus } from '../validation/workload-status.ts';
import { validateDeploymentSpec, validateSelectorUpdate } from '../validation/workloads.ts';
import { deploymentWarnings } from '../warnings/workloads.ts';

export type Deployment = Type;

export const Deployment = defineKind<Deployment>({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  scope: 'Namespaced',
  shortNames: ['deploy'],
  categories: ['all'],
  schema: schemas.message('apps.v1.Deployment'),
  description: 'Runs a number of equal pods and replaces them step by step when their description changes.',
  subresources: {
    status: true,
    scale: { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'spec.selector' },
  },

  strategy: {
    prepareForCreate: (deployment) => {
      deployment.status = {};
    },
    statusKeeps: ['labels'],
    // Annotations are copied to replica sets, so that a change of one is a change of what is asked for.
    generationChanged: (next, old) =>
      !isSame('apps.v1.DeploymentSpec', next.spec, old.spec) || !isEqual(next.metadata.annotations, old.metadata.annotations),
  },
  disabledFields: podSpecDisabledFields('spec.template.spec'),
  defaults: defaultDeployment,
  validate: (deployment) => [
    ...validateMetadata(deployment, { scope: 'Namespaced', name: dnsSubdomain }),
    ...validateDeploymentSpec(deployment),
  ],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateSelectorUpdate(next, old)],
  validateStatusUpdate: validateDeploymentStatus,
  // Internally, zero and absent are one.
  completeBookmark: ({ spec }) => {
    spec.replicas = 0;
  },
  columns: deploymentColumns,
  warnings: deploymentWarnings,
});
