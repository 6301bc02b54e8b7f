// Pod: containers that share a network, volumes and a fate.
import { defineKind } from '@berth/machinery';
import { podColumns } from '../columns/pod.ts';
import { defaultPod } from '../defaults/pod-spec.ts';
import { podDisabledFields } from '../disabled-fields.ts';
import type { Pod as Type } from '../generated/core-v1.types.ts';
import { populateWarnings } from '../populate-annotation.ts';
import { schemas } from '../schemas.ts';
import { podGracePeriodSeconds, preparePodForCreate, preparePodForStatusUpdate } from '../strategies/pod.ts';
import { untrimmedImages } from '../validation/containers.ts';
import { appliedEphemeralContainers, onlyAddedContainers, prepareEphemeralContainers } from '../validation/ephemeral-containers.ts';
import { forbidden } from '../validation/errors.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { appliedPodResize, preparePodResize, validatePodResize } from '../validation/pod-resize.ts';
import { validatePodSpec } from '../validation/pod-spec.ts';
import { validatePodStatusUpdate, validatePodUpdate } from '../validation/pod-update.ts';
import { podStatusWarnings } from '../warnings/network.ts';
import { podWarnings } from '../warnings/pod.ts';
import { podSpecWarnings } from '../warnings/pod-spec.ts';

export type Pod = Type;

export const Pod = defineKind<Pod>({
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  scope: 'Namespaced',
  shortNames: ['po'],
  categories: ['all'],
  schema: schemas.message('core.v1.Pod'),
  description: 'Containers that run together on one node and share an address and volumes.',
  subresources: {
    status: true,
    other: [
      { name: 'attach', kind: 'PodAttachOptions', verbs: ['create', 'get'] },
      { name: 'binding', kind: 'Binding', verbs: ['create'] },
      { name: 'ephemeralcontainers', kind: 'Pod', verbs: ['get', 'patch', 'update'] },
      { name: 'eviction', kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] },
      { name: 'exec', kind: 'PodExecOptions', verbs: ['create', 'get'] },
      { name: 'log', kind: 'Pod', verbs: ['get'] },
      { name: 'portforward', kind: 'PodPortForwardOptions', verbs: ['create', 'get'] },
      { name: 'proxy', kind: 'PodProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] },
      { name: 'resize', kind: 'Pod', verbs: ['get', 'patch', 'update'] },
    ],
  },

  strategy: {
    returnsDeleted: true,
    writesStatus: 'atCreation',
    prepareForCreate: preparePodForCreate,
    gracePeriodSeconds: podGracePeriodSeconds,
    // Node agents of long ago spoiled the owners of pods this way.
    statusKeeps: ['deletionTimestamp', 'ownerReferences'],
    prepareForStatusUpdate: preparePodForStatusUpdate,
    partialUpdates: {
      ephemeralcontainers: {
        prepare: prepareEphemeralContainers,
        validate: onlyAddedContainers,
        applied: appliedEphemeralContainers,
      },
      resize: { prepare: preparePodResize, validate: validatePodResize, applied: appliedPodResize },
    },
  },
  disabledFields: podDisabledFields,
  defaults: defaultPod,
  validate: (pod, old) => {
    const errors = [...validateMetadata(pod, { scope: 'Namespaced', name: dnsSubdomain }), ...validatePodSpec(pod.spec, 'spec', true)];
    errors.push(
      ...untrimmedImages(pod.spec.containers, 'spec.containers'),
      ...untrimmedImages(pod.spec.initContainers, 'spec.initContainers'),
    );
    if (!old && pod.spec.ephemeralContainers?.length) errors.push(forbidden('spec.ephemeralContainers', 'cannot be set on create'));
    if (pod.spec.nodeName && pod.spec.schedulingGates?.length) {
      errors.push(forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'));
    }
    return errors;
  },
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validatePodUpdate(next, old)],
  validateStatusUpdate: validatePodStatusUpdate,
  columns: podColumns,
  selectableFields: {
    'spec.nodeName': ({ spec }) => spec.nodeName ?? '',
    // What clients of long ago call it.
    'spec.host': ({ spec }) => spec.nodeName ?? '',
    'spec.restartPolicy': ({ spec }) => spec.restartPolicy ?? '',
    'spec.schedulerName': ({ spec }) => spec.schedulerName ?? '',
    'spec.serviceAccountName': ({ spec }) => spec.serviceAccountName ?? '',
    'spec.hostNetwork': ({ spec }) => String(spec.hostNetwork ?? false),
    'status.phase': ({ status }) => status?.phase ?? '',
    'status.podIP': ({ status }) => status?.podIP ?? '',
    // Kubernetes takes it, and finds no pod with any.
    'status.podIPs': () => '',
    'status.nominatedNodeName': ({ status }) => status?.nominatedNodeName ?? '',
  },
  // An update is mostly a program's, so Kubernetes spares it its own.
  warnings: (pod, old) => [
    ...(old ? [] : podWarnings(pod)),
    ...podSpecWarnings(pod.spec, 'spec'),
    ...populateWarnings(pod.metadata.annotations),
  ],
  statusWarnings: podStatusWarnings,
});
