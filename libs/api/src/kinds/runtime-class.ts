// RuntimeClass: a name for a way to run containers.
import { defineKind } from '@berth/machinery';
import { runtimeClassColumns } from '../columns/scheduling.ts';
import type { RuntimeClass as Type } from '../generated/node-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { validateRuntimeClassFields, validateRuntimeClassUpdate } from '../validation/runtime-class.ts';
import { runtimeClassWarnings } from '../warnings/node-labels.ts';

export type RuntimeClass = Type;

export const RuntimeClass = defineKind<RuntimeClass>({
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  scope: 'Cluster',
  schema: schemas.message('node.v1.RuntimeClass'),
  description: 'A way to run containers that pods can ask for by name.',

  strategy: { requiresVersion: true, allowCreateOnUpdate: true },
  validate: (object) => [
    ...validateMetadata(object, { scope: 'Cluster', name: dnsSubdomain, plainFinalizers: true }),
    ...validateRuntimeClassFields(object),
  ],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateRuntimeClassUpdate(next, old)],
  columns: runtimeClassColumns,
  warnings: runtimeClassWarnings,
});
