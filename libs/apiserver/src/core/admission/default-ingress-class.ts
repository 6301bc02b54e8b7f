// An ingress that names no class gets the cluster's default one; the newest, when several are marked.
import type { Ingress, IngressClass } from '@berth/api';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { creates } from './request-predicates.ts';

export const defaultClassAnnotation = 'ingressclass.kubernetes.io/is-default-class';
/** The older way to name a class. */
const classAnnotation = 'kubernetes.io/ingress.class';

export class DefaultIngressClass implements AdmissionPlugin {
  readonly name = 'DefaultIngressClass';
  readonly #classes: () => IngressClass[];

  constructor(classes: () => IngressClass[]) {
    this.#classes = classes;
  }

  mutate(request: AdmissionRequest): void {
    if (!creates(request, 'networking.k8s.io', 'Ingress')) return;
    const ingress = request.object as Ingress;
    if (ingress.spec?.ingressClassName !== undefined || ingress.metadata.annotations?.[classAnnotation] !== undefined) return;
    const name = this.#default();
    if (name) ingress.spec = { ...ingress.spec, ingressClassName: name };
  }

  #default(): string | undefined {
    const marked = this.#classes().filter(({ metadata }) => metadata.annotations?.[defaultClassAnnotation] === 'true');
    const age = ({ metadata }: IngressClass) => metadata.creationTimestamp ?? '';
    marked.sort((a, b) => age(b).localeCompare(age(a)) || a.metadata.name.localeCompare(b.metadata.name));
    return marked[0]?.metadata.name;
  }
}
