// ControllerRevision: what a StatefulSet or DaemonSet looked like at one time, for roll-backs.
import { defineKind } from '@berth/machinery';
import { controllerRevisionColumns } from '../columns/workloads.ts';
import type { ControllerRevision as Type } from '../generated/apps-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateControllerRevision, validateControllerRevisionUpdate } from '../validation/daemon-set.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';

export type ControllerRevision = Type;

export const ControllerRevision = defineKind<ControllerRevision>({
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
  scope: 'Namespaced',
  schema: schemas.message('apps.v1.ControllerRevision'),
  description: 'A state of a StatefulSet or DaemonSet, kept so that it can be gone back to; written by controllers.',

  strategy: { generationChanged: () => false },
  validate: (revision, old) => [
    ...validateMetadata(revision, { scope: 'Namespaced', name: dnsSubdomain }),
    ...validateControllerRevision(revision, old),
  ],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateControllerRevisionUpdate(next, old)],
  columns: controllerRevisionColumns,
});
