// DaemonSet: one pod on every node that it selects.
import { deepEqual, defineKind, isInt64 } from '@berth/machinery';
import { daemonSetColumns } from '../columns/workloads.ts';
import { defaultDaemonSet } from '../defaults/workloads.ts';
import { podSpecDisabledFields } from '../disabled-fields.ts';
import type { DaemonSet as Type } from '../generated/apps-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateDaemonSetSpec } from '../validation/daemon-set.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { validateDaemonSetStatus } from '../validation/workload-status.ts';
import { validateSelectorUpdate } from '../validation/workloads.ts';
import { daemonSetWarnings } from '../warnings/workloads.ts';

export type DaemonSet = Type;

const wholeNumber = /^[+-]?\d+$/;
const templateGeneration = 'deprecated.daemonset.template.generation';

/** How often the template changed: once a field of the spec, which every answer still shows in this annotation. */
function setTemplateGeneration(daemonSet: DaemonSet, generation: bigint): void {
  daemonSet.metadata.annotations = { ...daemonSet.metadata.annotations, [templateGeneration]: String(generation) };
}

function templateGenerationOf({ metadata }: DaemonSet): bigint {
  const text = metadata.annotations?.[templateGeneration] ?? '';
  return wholeNumber.test(text) ? BigInt.asIntN(64, BigInt(text.replace(/^\+/, ''))) : 0n;
}

/** What Go's parser of numbers says of it. */
function unreadableGeneration({ metadata }: DaemonSet): string | undefined {
  const text = metadata?.annotations?.[templateGeneration];
  if (typeof text !== 'string') return undefined;
  const isWhole = wholeNumber.test(text);
  if (isWhole && isInt64(BigInt(text.replace(/^\+/, '')))) return undefined;
  return `strconv.ParseInt: parsing ${JSON.stringify(text)}: ${isWhole ? 'value out of range' : 'invalid syntax'}`;
}

export const DaemonSet = defineKind<DaemonSet>({
  group: 'apps',
  version: 'v1',
  kind: 'DaemonSet',
  plural: 'daemonsets',
  scope: 'Namespaced',
  shortNames: ['ds'],
  categories: ['all'],
  schema: schemas.message('apps.v1.DaemonSet'),
  description: 'Runs one copy of a pod on every node, or on those that are chosen.',
  subresources: {
    status: true,
  },

  strategy: {
    versionAnnotations: [templateGeneration],
    prepareForCreate: (daemonSet) => {
      daemonSet.status = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };
      // At first it is one, unless a client knows of more.
      const given = templateGenerationOf(daemonSet);
      setTemplateGeneration(daemonSet, given > 1n ? given : 1n);
    },
    prepareForUpdate: (next, old) => {
      setTemplateGeneration(next, templateGenerationOf(old) + (deepEqual(next.spec?.template, old.spec?.template) ? 0n : 1n));
    },
  },
  unreadable: unreadableGeneration,
  disabledFields: podSpecDisabledFields('spec.template.spec'),
  defaults: (daemonSet) => {
    defaultDaemonSet(daemonSet);
    setTemplateGeneration(daemonSet, templateGenerationOf(daemonSet));
  },
  validate: (daemonSet) => [
    ...validateMetadata(daemonSet, { scope: 'Namespaced', name: dnsSubdomain }),
    ...validateDaemonSetSpec(daemonSet),
  ],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateSelectorUpdate(next, old)],
  validateStatusUpdate: validateDaemonSetStatus,
  completeBookmark: (daemonSet) => setTemplateGeneration(daemonSet, 0n),
  columns: daemonSetColumns,
  warnings: daemonSetWarnings,
});
