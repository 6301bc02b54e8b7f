// IngressClass: who is to serve ingresses of one class.
import { defineKind } from '@berth/machinery';
import { ingressClassColumns } from '../columns/networking.ts';
import { defaultIngressClass } from '../defaults/networking.ts';
import type { IngressClass as Type } from '../generated/networking-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateIngressClassFields, validateIngressClassUpdate } from '../validation/ingress.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { ingressClassWarnings } from '../warnings/ingress.ts';

export type IngressClass = Type;

export const IngressClass = defineKind<IngressClass>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IngressClass',
  plural: 'ingressclasses',
  scope: 'Cluster',
  schema: schemas.message('networking.v1.IngressClass'),
  description: 'Says which controller serves an Ingress of this class.',

  defaults: defaultIngressClass,
  validate: (object) => [...validateMetadata(object, { scope: 'Cluster', name: dnsSubdomain }), ...validateIngressClassFields(object)],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateIngressClassUpdate(next, old)],
  columns: ingressClassColumns,
  warnings: ingressClassWarnings,
});
