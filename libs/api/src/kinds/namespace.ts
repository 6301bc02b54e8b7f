// Namespace: a boundary of names; deleting one deletes what is in it.
import { defineKind } from '@berth/machinery';
import { namespaceColumns } from '../columns/configuration.ts';
import type { Namespace as Type } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';
import { type FieldError, invalid, invalidAll } from '../validation/errors.ts';
import { standardOrQualified, validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsLabel, qualified } from '../validation/names.ts';

export type Namespace = Type;

/** @param placed whether what is wrong is named by its place, as of the subresource */
function validateNamespaceFinalizers({ spec }: Namespace, placed: boolean): FieldError[] {
  return (spec.finalizers ?? []).flatMap((name, index) => {
    const path = placed ? `spec.finalizers[${index}]` : 'spec.finalizers';
    return [...invalidAll(path, name, qualified(name)), ...standardOrQualified(name, path)];
  });
}

function validateNamespaceStatus({ metadata, status }: Namespace): FieldError[] {
  const [phase, when] = metadata.deletionTimestamp ? ['Terminating', 'is not empty'] : ['Active', 'is empty'];
  if (status?.phase === phase) return [];
  return [invalid('status.Phase', status?.phase ?? '', `may only be '${phase}' if \`deletionTimestamp\` ${when}`)];
}

export const Namespace = defineKind<Namespace>({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  scope: 'Cluster',
  shortNames: ['ns'],
  schema: schemas.message('core.v1.Namespace'),
  description: 'A part of the cluster with names, rights and quotas of its own.',
  // As in Kubernetes, no request deletes them all.
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  subresources: { status: true, other: [{ name: 'finalize', kind: 'Namespace', verbs: ['update'] }] },

  strategy: {
    returnsDeleted: true,
    marksDeletion: 'withDependents',
    prepareForDelete: (namespace) => {
      namespace.status = { ...namespace.status, phase: 'Terminating' };
    },
    prepareForCreate: (namespace) => {
      const finalizers = namespace.spec.finalizers ?? [];
      namespace.spec.finalizers = finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes'];
      namespace.status = { phase: 'Active' };
    },
    // Only the finalize subresource takes them away.
    prepareForUpdate: (next, old) => {
      next.spec.finalizers = old.spec.finalizers;
    },
    partialUpdates: {
      finalize: {
        changesMetadata: true,
        prepare: (next) => {
          if (next.spec.finalizers?.length === 0) delete next.spec.finalizers;
        },
        validate: (next) => validateNamespaceFinalizers(next, true),
        applied: ({ spec }) => ({ spec }),
      },
    },
    generationChanged: () => false,
  },
  defaults: (namespace) => {
    namespace.spec ??= {};
    namespace.status ??= {};
    namespace.status.phase ||= 'Active';
    if (namespace.metadata.name)
      namespace.metadata.labels = { ...namespace.metadata.labels, 'kubernetes.io/metadata.name': namespace.metadata.name };
  },
  validate: (namespace, old) => [
    ...validateMetadata(namespace, { scope: 'Cluster', name: dnsLabel }),
    ...(old ? [] : validateNamespaceFinalizers(namespace, false)),
  ],
  validateUpdate: validateMetadataUpdate,
  validateStatusUpdate: validateNamespaceStatus,
  columns: namespaceColumns,
  selectableFields: { 'status.phase': ({ status }) => status?.phase ?? '' },
});
