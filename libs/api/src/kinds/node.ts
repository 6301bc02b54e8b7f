// Node: a machine that runs pods.
import { defineKind } from '@berth/machinery';
import { nodeColumns } from '../columns/node.ts';
import { nodeDisabledFields } from '../disabled-fields.ts';
import type { Node as Type } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { alignPodCidrs, validateNodeSpec, validateNodeStatusUpdate, validateNodeUpdate } from '../validation/node.ts';
import { nodeWarnings } from '../warnings/network.ts';

export type Node = Type;

export const Node = defineKind<Node>({
  group: '',
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  scope: 'Cluster',
  shortNames: ['no'],
  schema: schemas.message('core.v1.Node'),
  description: 'A machine that pods run on.',
  subresources: {
    status: true,
    other: [{ name: 'proxy', kind: 'NodeProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] }],
  },

  strategy: {
    generationChanged: () => false,
    writesStatus: 'atCreation',
    // Feature gate NodeDeclaredFeatures, which asks nothing of writes to the status.
    prepareForCreate: ({ status }) => {
      delete status?.declaredFeatures;
    },
  },
  disabledFields: nodeDisabledFields,
  defaults: (node) => {
    node.spec ??= {};
    alignPodCidrs(node);
    const { status } = node;
    if (status?.capacity && !status.allocatable) status.allocatable = { ...status.capacity };
  },
  validate: (node) => [...validateMetadata(node, { scope: 'Cluster', name: dnsSubdomain }), ...validateNodeSpec(node)],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateNodeUpdate(next, old)],
  validateStatusUpdate: validateNodeStatusUpdate,
  columns: nodeColumns,
  selectableFields: { 'spec.unschedulable': ({ spec }) => String(spec?.unschedulable ?? false) },
  warnings: nodeWarnings,
});
