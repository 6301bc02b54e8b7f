// One change as every watcher sees it. Which type it has depends on the watcher's selectors, but each form is encoded once.
import { apiVersionOf, fillZeroValues, type KindDefinition, type KubeObject } from '@berth/machinery';
import { Entry, toBytes } from './object-codec.ts';
import type { Selection } from './selection.ts';
import type { Encoded, WatchEventType, WatchItem } from './types.ts';

const encoder = new TextEncoder();
const lineEnd = encoder.encode('}\n');

class Item implements WatchItem {
  readonly type: WatchEventType;
  readonly subject: Encoded;
  readonly previous: Encoded | undefined;
  #line: Uint8Array | undefined;

  constructor(type: WatchEventType, subject: Encoded, previous?: Encoded) {
    this.type = type;
    this.subject = subject;
    this.previous = previous;
  }

  get bytes(): Uint8Array {
    return this.subject.bytes;
  }

  get object(): KubeObject {
    return this.subject.object;
  }

  get line(): Uint8Array {
    this.#line ??= Buffer.concat([encoder.encode(`{"type":"${this.type}","object":`), this.bytes, lineEnd]);
    return this.#line;
  }
}

export function watchItem(type: WatchEventType, subject: Encoded): WatchItem {
  return new Item(type, subject);
}

const initialEventsEnd = 'k8s.io/initial-events-end';

/**
 * A BOOKMARK: only a kind and a version, and what is shown of an object that holds nothing; `isInitialEnd` marks the one that closes
 * the initial events.
 */
export function bookmarkItem(kind: KindDefinition, revision: number, isInitialEnd = false): WatchItem {
  const annotations = isInitialEnd ? { annotations: { [initialEventsEnd]: 'true' } } : {};
  const object = {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: { resourceVersion: String(revision), ...annotations },
  } as KubeObject;
  fillZeroValues(kind.schema, object as unknown as Record<string, unknown>);
  kind.completeBookmark?.(object);
  return new Item('BOOKMARK', new Entry('', revision, toBytes(object), object));
}

/** A bookmark as another version has it. */
export function bookmarkIn(kind: KindDefinition, { object }: WatchItem): WatchItem {
  const { resourceVersion, annotations } = object.metadata;
  return bookmarkItem(kind, Number(resourceVersion), annotations?.[initialEventsEnd] !== undefined);
}

export class CacheEvent {
  readonly revision: number;
  /** Absent when the object was deleted. */
  readonly current: Entry | undefined;
  /** Absent when the object was created. */
  readonly previous: Entry | undefined;
  readonly #head: Uint8Array;
  #change: WatchItem | undefined;
  #arrival: WatchItem | undefined;
  #departure: WatchItem | undefined;

  constructor(head: Uint8Array, revision: number, current: Entry | undefined, previous: Entry | undefined) {
    this.#head = head;
    this.revision = revision;
    this.current = current;
    this.previous = previous;
  }

  get key(): string {
    return (this.current ?? this.previous)?.key ?? '';
  }

  /** Roughly what it keeps in memory. */
  get size(): number {
    return (this.current ?? this.previous)?.bytes.length ?? 0;
  }

  /**
   * Every watcher of now has had it: only bytes stay, which all else can be made of again, for watches that resume.
   * @param isLast whether nobody else keeps the newer state
   */
  rest(isLast: boolean): void {
    [this.#change, this.#arrival, this.#departure] = [undefined, undefined, undefined];
    this.previous?.release();
    if (isLast) this.current?.release();
  }

  /** What a watcher with this selection sees: entering it is ADDED, leaving it is DELETED with the last state that matched. */
  seenBy(selection: Selection): WatchItem | undefined {
    const now = this.current !== undefined && (selection.everything || selection.matches(this.current.object));
    const before = this.previous !== undefined && (selection.everything || selection.matches(this.previous.object));
    if (now && before) return this.#changed();
    if (now) return this.#arrived();
    return before ? this.#departed() : undefined;
  }

  #changed(): WatchItem | undefined {
    if (this.current) this.#change ??= new Item('MODIFIED', this.current, this.previous);
    return this.#change;
  }

  #arrived(): WatchItem | undefined {
    if (this.current) this.#arrival ??= new Item('ADDED', this.current);
    return this.#arrival;
  }

  #departed(): WatchItem | undefined {
    if (this.previous) this.#departure ??= new Item('DELETED', this.previous.at(this.#head, this.revision));
    return this.#departure;
  }
}
