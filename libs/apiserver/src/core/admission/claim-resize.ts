// A claim may grow only when it is bound and its storage class says that its volumes can: a growth that is accepted must happen.
import { type PersistentVolumeClaim, type StorageClass, storageClassNameOf } from '@berth/api';
import { parseQuantity, StatusError } from '@berth/machinery';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { isAbout } from './request-predicates.ts';

export class PersistentVolumeClaimResize implements AdmissionPlugin {
  readonly name = 'PersistentVolumeClaimResize';
  readonly #class: (name: string) => Promise<StorageClass | undefined>;

  /** @param storageClass by its name */
  constructor(storageClass: (name: string) => Promise<StorageClass | undefined>) {
    this.#class = storageClass;
  }

  /** Other requests must not wait. */
  validate(request: AdmissionRequest): Promise<void> | void {
    const { old, object } = request;
    if (!old || !isAbout(request, '', 'PersistentVolumeClaim')) return;
    const [before, after] = [old as PersistentVolumeClaim, object as PersistentVolumeClaim];
    if (sizeOf(after).compare(sizeOf(before)) <= 0) return;
    return this.#judge(request, before, after);
  }

  async #judge({ kind, name }: AdmissionRequest, before: PersistentVolumeClaim, after: PersistentVolumeClaim): Promise<void> {
    if (before.status?.phase !== 'Bound') throw StatusError.forbidden(kind, name, 'Only bound persistent volume claims can be expanded');
    const className = storageClassNameOf(after);
    const storageClass = className && className === storageClassNameOf(before) ? await this.#class(className) : undefined;
    if (storageClass?.allowVolumeExpansion) return;
    const detail = 'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';
    throw StatusError.forbidden(kind, name, detail);
  }
}

function sizeOf({ spec }: PersistentVolumeClaim) {
  return parseQuantity(spec?.resources?.requests?.storage ?? '0');
}
