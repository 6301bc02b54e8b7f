// Says of claims that ask for more than they have, and whose volumes nobody here makes larger, that a driver's resizer is waited for. What
// then stands in the claim's status is the resizer's and the node's.
import { localProvisioner, PersistentVolume, PersistentVolumeClaim, provisionedByAnnotation } from '@berth/api';
import { type Controller, erased, watches } from '@berth/controller';
import { keyOf, parseQuantity } from '@berth/machinery';
import { preResizeAnnotation } from './binding.ts';

interface ObservedExpansion {
  claim: PersistentVolumeClaim;
  volume: PersistentVolume;
}

/** Under the name that its events have in Kubernetes. */
export const externalExpansionController: Controller<ObservedExpansion> = {
  name: 'volume_expand',
  owns: [],
  writes: [],
  reads: [erased(PersistentVolume)],
  watches: [watches(PersistentVolumeClaim, (claim, _caches, other) => (other && !isLarger(claim, other) ? [] : [keyOf(claim)]))],
  observe(key, caches) {
    const claim = caches.of(PersistentVolumeClaim).get(key);
    const volume = caches.of(PersistentVolume).get(claim?.spec.volumeName ?? '');
    if (claim?.status?.phase !== 'Bound' || !volume) return undefined;
    return volume.spec.claimRef?.uid === claim.metadata.uid ? { claim, volume } : undefined;
  },
  plan({ claim, volume }) {
    const annotations = volume.metadata.annotations ?? {};
    if (annotations[provisionedByAnnotation] === localProvisioner) return [];
    const isAsked = requested(claim).compare(shown(claim)) > 0 || annotations[preResizeAnnotation] !== undefined;
    const message = 'waiting for an external controller to expand this PVC';
    return isAsked ? [{ type: 'event', event: { about: claim, eventType: 'Normal', reason: 'ExternalExpanding', message } }] : [];
  },
};

/** More is asked for, or had, than before. */
function isLarger(claim: PersistentVolumeClaim, before: PersistentVolumeClaim): boolean {
  return requested(claim).compare(requested(before)) > 0 || shown(claim).compare(shown(before)) > 0;
}

const requested = ({ spec }: PersistentVolumeClaim) => parseQuantity(spec.resources?.requests?.storage ?? '0');
const shown = ({ status }: PersistentVolumeClaim) => parseQuantity(status?.capacity?.storage ?? '0');
