// A list's JSON, joined from its objects' bytes without parsing any of them, in pieces: a list of all pods may be tens of
// megabytes, which need not exist in one place.
// Items do not repeat the kind and version that the list states, as in Kubernetes, unless users define their kind.
import { apiVersionOf, isUserDefined, type KindDefinition } from '@berth/machinery';
import type { ListAnswer } from './types.ts';

const encoder = new TextEncoder();
const opening = encoder.encode('{');
const nextOpening = encoder.encode(',{');
const end = encoder.encode(']}\n');
/** Fewer pieces mean fewer turns of the event loop; a piece is what others may have to wait for. */
const pieceBytes = 128 * 1024;
/**
 * Pieces of lists that were sent, kept for the next ones: new memory for each would cost as much as sending it, in page faults
 * and in garbage collections.
 */
const spare: Uint8Array[] = [];
const spareMax = 8;

export interface EncodedList {
  /** Undefined when only making them all would tell. */
  byteLength: number | undefined;
  /** Made as they are taken. All of them may share their memory: be done with one before taking the next. */
  pieces: Iterable<Uint8Array>;
}

export function listMetadata(list: ListAnswer, kind?: KindDefinition): object {
  // What Go has no type for says also that nothing follows.
  const rest = list.continue ?? (kind && isUserDefined(kind) ? '' : undefined);
  return {
    ...(rest !== undefined && { continue: rest }),
    resourceVersion: list.resourceVersion,
    ...(list.remainingItemCount !== undefined && { remainingItemCount: list.remainingItemCount }),
  };
}

export function encodedList(kind: KindDefinition, list: ListAnswer): EncodedList & { byteLength: number } {
  const head = { kind: kind.listKind, apiVersion: apiVersionOf(kind), metadata: listMetadata(list, kind) };
  const start = encoder.encode(`${JSON.stringify(head).slice(0, -1)},"items":[`);
  const type = encoder.encode(`{"apiVersion":${JSON.stringify(apiVersionOf(kind))},"kind":${JSON.stringify(kind.kind)},`);
  const isTyped = isUserDefined(kind);
  const items = list.entries.map(({ bytes }) => (isTyped ? bytes.subarray(opening.length) : withoutType(type, bytes)));
  let byteLength = start.length + Math.max(0, items.length - 1) + end.length;
  for (const item of items) byteLength += item.length + opening.length;
  return { byteLength, pieces: joined(start, items, byteLength) };
}

/** The object's members behind its type, without the opening brace. */
function withoutType(type: Uint8Array, bytes: Uint8Array): Uint8Array {
  const typed = bytes.length >= type.length && Buffer.compare(bytes.subarray(0, type.length), type) === 0;
  return bytes.subarray(typed ? type.length : opening.length);
}

function* joined(start: Uint8Array, items: Uint8Array[], byteLength: number): Generator<Uint8Array> {
  const piece = spare.pop() ?? new Uint8Array(pieceBytes);
  let used = 0;
  let sent = 0;
  for (const bytes of parts(start, items)) {
    if (used + bytes.length <= pieceBytes) {
      piece.set(bytes, used);
      used += bytes.length;
      continue;
    }
    for (let rest = bytes; rest.length > 0; ) {
      const fitting = rest.subarray(0, pieceBytes - used);
      piece.set(fitting, used);
      used += fitting.length;
      rest = rest.subarray(fitting.length);
      if (used < pieceBytes) break;
      yield piece;
      sent += used;
      used = 0;
    }
  }
  if (sent + used !== byteLength) throw new RangeError(`a list of ${byteLength} bytes became one of ${sent + used}`);
  yield piece.subarray(0, used);
  // Only now is nobody writing it any more; who stops half way may still be.
  if (spare.length < spareMax) spare.push(piece);
}

function* parts(start: Uint8Array, items: Uint8Array[]): Generator<Uint8Array> {
  yield start;
  for (const [index, item] of items.entries()) {
    yield index > 0 ? nextOpening : opening;
    yield item;
  }
  yield end;
}
