// A claim that names no storage class gets the cluster's default one; the newest, when several are marked.
import { type PersistentVolumeClaim, type StorageClass, storageClassNameOf } from '@berth/api';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { creates } from './request-predicates.ts';

export const defaultClassAnnotation = 'storageclass.kubernetes.io/is-default-class';

export class DefaultStorageClass implements AdmissionPlugin {
  readonly name = 'DefaultStorageClass';
  readonly #classes: () => Iterable<StorageClass>;

  constructor(classes: () => Iterable<StorageClass>) {
    this.#classes = classes;
  }

  mutate(request: AdmissionRequest): void {
    if (!creates(request, '', 'PersistentVolumeClaim')) return;
    const claim = request.object as PersistentVolumeClaim;
    // An empty name asks for no class at all.
    if (!claim.spec || storageClassNameOf(claim) !== undefined) return;
    const name = this.#default();
    if (name) claim.spec.storageClassName = name;
  }

  #default(): string | undefined {
    const marked = [...this.#classes()].filter((candidate) => candidate.metadata?.annotations?.[defaultClassAnnotation] === 'true');
    const age = (candidate: StorageClass) => candidate.metadata?.creationTimestamp ?? '';
    marked.sort((a, b) => age(b).localeCompare(age(a)) || (a.metadata?.name ?? '').localeCompare(b.metadata?.name ?? ''));
    return marked[0]?.metadata?.name;
  }
}
