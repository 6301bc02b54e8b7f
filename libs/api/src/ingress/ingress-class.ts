// Which Ingresses are Berth's own to serve: those whose class names its controller. Others are other controllers', or nobody's.
import type { Ingress } from '../kinds/ingress.ts';
import type { IngressClass } from '../kinds/ingress-class.ts';

export const ingressController = 'berth.io/ingress';
/** Where a node says on which ports it serves Ingresses, as `80,443`; empty where it serves none. */
export const ingressPortsAnnotation = 'berth.io/ingress-ports';
/** The older way to name a class. */
const classAnnotation = 'kubernetes.io/ingress.class';

export function ingressClassName({ metadata, spec }: Ingress): string | undefined {
  return spec.ingressClassName ?? metadata.annotations?.[classAnnotation];
}

export function isServed(ingress: Ingress, classNamed: (name: string) => IngressClass | undefined): boolean {
  const name = ingressClassName(ingress);
  return name !== undefined && classNamed(name)?.spec.controller === ingressController;
}
