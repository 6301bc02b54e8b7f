// DaemonSet: one pod on every node that it selects.
import { defineKind } from '@berth/machinery';
import { daemonSetColumns } from '../columns/workloads.ts';
import { defaultDaemonSet } from '../defaults/workloads.ts';
import { podSpecDisabledFields } from '../disabled-fields.ts';
import type { DaemonSet as Type } from '../generated/apps-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateDaemonSetSpec } from '../validation/daemon-set.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { validateSelectorUpdate } from '../validation/workloads.ts';
import { daemonSetWarnings } from '../warnings/workloads.ts';

export type DaemonSet = Type;

export const DaemonSet = defineKind<DaemonSet>({
  group: 'apps',
  version: 'v1',
  kind: 'DaemonSet',
  plural: 'daemonsets',
  scope: 'Namespaced',
  shortNames: ['ds'],
  categories: ['all'],
  schema: schemas.message('apps.v1.DaemonSet'),
  subresources: {
    status: true,
  },

  strategy: {
    prepareForCreate: (daemonSet) => {
      daemonSet.status = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };
    },
  },
  disabledFields: podSpecDisabledFields('spec.template.spec'),
  defaults: defaultDaemonSet,
  validate: (daemonSet) => [
    ...validateMetadata(daemonSet, { scope: 'Namespaced', name: dnsSubdomain }),
    ...validateDaemonSetSpec(daemonSet),
  ],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateSelectorUpdate(next, old)],
  columns: daemonSetColumns,
  warnings: daemonSetWarnings,
});
