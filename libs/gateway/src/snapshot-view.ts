// What each agent is sent of snapshots: those that it has to take or to remove. Their objects say all of it, and an agent is sent one again
// only when it is to try again or to do something else: it writes their status itself.

import type { VolumeSnapshotContent } from '@berth/api';
import { attemptAnnotation, isSnapshotContent, localProvisioner, placeOfContent, snapshotDue, volumeOfContent } from '@berth/api';
import { deepEqual, type KindDefinition, type KubeObject } from '@berth/machinery';
import type { DiskSnapshot } from '@berth/protocol';
import type { SubscribeCustom } from './subscribe.ts';

interface Due {
  nodeName: string;
  snapshot: DiskSnapshot;
}

export class SnapshotView {
  /** By the name of the content. */
  readonly #due = new Map<string, Due>();
  readonly #changed: (nodeName: string) => void;
  /** Undefined as long as nobody serves them. */
  kind: KindDefinition | undefined;

  constructor(changed: (nodeName: string) => void) {
    this.#changed = changed;
  }

  feed(subscribe: SubscribeCustom): void {
    subscribe(isSnapshotContent, (kind, object, gone) => {
      this.kind = kind;
      this.#consider(object, gone);
    });
  }

  *of(nodeName: string): Iterable<DiskSnapshot> {
    for (const due of this.#due.values()) if (due.nodeName === nodeName) yield due.snapshot;
  }

  #consider(object: KubeObject, gone: boolean): void {
    const { name } = object.metadata;
    const before = this.#due.get(name);
    const due = gone ? undefined : dueOf(object as VolumeSnapshotContent);
    if (deepEqual(before, due)) return;
    if (due) this.#due.set(name, due);
    else this.#due.delete(name);
    for (const nodeName of new Set([before?.nodeName, due?.nodeName])) if (nodeName !== undefined) this.#changed(nodeName);
  }
}

function dueOf(content: VolumeSnapshotContent): Due | undefined {
  const [action, place] = [snapshotDue(content), placeOfContent(content)];
  if (content.spec.driver !== localProvisioner || !action || !place) return undefined;
  const { name, uid = '', annotations } = content.metadata;
  const volume = content.spec.source.snapshotHandle === undefined ? volumeOfContent(content)?.path : undefined;
  // Not the content's version, which every report of the node changes.
  const resourceVersion = `${action} ${annotations?.[attemptAnnotation] ?? ''}`;
  const spec = { file: place.file, isRemoved: action === 'remove', ...(volume !== undefined && { volume }) };
  return {
    nodeName: place.hostname,
    snapshot: { apiVersion: 'berth.io/v1', kind: 'DiskSnapshot', metadata: { name, uid, resourceVersion }, spec },
  };
}
