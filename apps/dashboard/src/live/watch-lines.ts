// Cuts a watch's bytes into its events: one JSON object a line, lines broken anywhere between chunks.
import type { KubernetesObject } from './api-client.ts';

/** Longer than any object may be (etcd takes 1.5 MiB a request), so that a broken peer cannot fill memory. */
const lineLengthMax = 8 * 1024 * 1024;

export type WatchEvent =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; object: KubernetesObject }
  | { type: 'ERROR'; object: { code?: number; message?: string; reason?: string } };

export class WatchLines {
  #rest = '';

  /** The events that are complete with this chunk. @throws SyntaxError for a line that is no event */
  push(chunk: string): WatchEvent[] {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > lineLengthMax) throw new SyntaxError(`a watch event is longer than ${lineLengthMax} characters`);
    return lines.filter((line) => line.trim() !== '').map(parseEvent);
  }
}

function parseEvent(line: string): WatchEvent {
  const event = JSON.parse(line) as WatchEvent;
  if (typeof event?.type !== 'string' || typeof event.object !== 'object') throw new SyntaxError('a line of a watch is no event');
  return event;
}
