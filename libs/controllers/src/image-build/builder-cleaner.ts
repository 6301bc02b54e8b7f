// Removes builders that have ended: whoever asked for them may be gone.
import { Pod } from '@berth/api';
import { type Action, type Controller, erased, watches } from '@berth/controller';
import { keyOf } from '@berth/machinery';
import { builderLabel } from './builder-pod.ts';

export const builderCleaner: Controller<Pod> = {
  name: 'image-builder-cleaner',
  owns: ['Pod[ended builder]'],
  writes: ['pods'],
  watches: [watches(Pod, (pod) => (hasEnded(pod) ? [keyOf(pod)] : []))],
  observe(key, caches) {
    const pod = caches.of(Pod).get(key);
    return pod && hasEnded(pod) ? pod : undefined;
  },
  plan: ({ metadata: { namespace, name, uid = '', deletionTimestamp } }): Action[] =>
    deletionTimestamp ? [] : [{ type: 'delete', kind: erased(Pod), key: { namespace, name }, uid }],
};

function hasEnded({ metadata, status }: Pod): boolean {
  return builderLabel in (metadata.labels ?? {}) && (status?.phase === 'Succeeded' || status?.phase === 'Failed');
}
