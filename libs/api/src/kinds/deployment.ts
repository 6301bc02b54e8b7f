// Deployment: rolls a pod template out through replica sets.
import { defineKind } from '@berth/machinery';
import type { Deployment as Type } from '../generated/apps-v1.types.ts';
import { schemas } from '../schemas.ts';

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
  subresources: {
    status: true,
    scale: { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'spec.selector' },
  },
});
