// What a commit makes of an object, and by what it is known that the one before is still there.
import type { KindDefinition, KubeObject } from '@berth/machinery';
import type { Compare, KeyValue } from '@berth/store';
import { Entry, encodeStored, headOf, withRevision } from './object-codec.ts';

export function versioned(head: Uint8Array, relative: string, revision: number, stored: Uint8Array, object: KubeObject): Entry {
  object.metadata.resourceVersion = String(revision);
  return new Entry(relative, revision, withRevision(head, stored, revision), object);
}

export function removed(head: Uint8Array, relative: string, object: KubeObject, current: Entry | undefined): Entry {
  return versioned(head, relative, current?.revision ?? 0, encodeStored(object), { ...object, metadata: { ...object.metadata } });
}

export function unchanged(key: string, current: Entry | undefined): Compare {
  return current ? { key, target: 'mod', revision: current.revision } : { key, target: 'version', version: 0 };
}

export function holds(compare: Compare, found: KeyValue | undefined): boolean {
  if (compare.target === 'mod') return (found?.modRevision ?? 0) === compare.revision;
  return (found?.version ?? 0) === compare.version;
}

export function isSame(one: Entry | undefined, other: Entry | undefined): boolean {
  return one?.revision === other?.revision;
}

export function storedHead(kind: KindDefinition): Uint8Array {
  return headOf(kind.conversion?.stored ?? kind);
}
