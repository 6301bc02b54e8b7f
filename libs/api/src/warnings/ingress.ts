// Warnings of ingresses and their classes: the deprecated way to name a class, and what Berth's own controller does not act on.
import type { Ingress, IngressClass } from '../generated/networking-v1.types.ts';
import { ingressBackends } from '../ingress/routing.ts';
import { idle } from './pod-spec.ts';

const classAnnotation = 'kubernetes.io/ingress.class';
const ownController = 'berth.io/ingress';

export function ingressWarnings(ingress: Ingress, old?: Ingress): string[] {
  const { metadata, spec } = ingress;
  const isAnnotated = metadata.annotations?.[classAnnotation] !== undefined;
  const deprecated = !old && isAnnotated && spec?.ingressClassName === undefined;
  const resources = ingressBackends(ingress).filter(({ backend }) => backend.resource);
  return [
    ...(deprecated ? [`annotation "${classAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`] : []),
    ...resources.map(({ field }) => idle(`${field}.resource`)),
  ];
}

export function ingressClassWarnings({ spec }: IngressClass): string[] {
  return spec?.controller === ownController && spec.parameters ? [idle('spec.parameters')] : [];
}
