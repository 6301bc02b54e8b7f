// Events as one reads them: the latest last, the same thing once with how often it happened. Pure.
import type { Event } from '@berth/api';
import { humanDuration } from '@berth/machinery';

export interface Happening {
  namespace: string;
  /** `pod/web-1` */
  object: string;
  type: string;
  reason: string;
  message: string;
  count: number;
  /** Unix milliseconds. */
  firstMs: number;
  lastMs: number;
}

export interface EventFilter {
  /** Lower case; empty for all. */
  types: readonly string[];
  sinceMs: number | undefined;
}

export function happeningOf(event: Event): Happening {
  const { involvedObject: object, series, count, lastTimestamp, firstTimestamp, eventTime, metadata } = event;
  const times = [series?.lastObservedTime, lastTimestamp, eventTime, metadata.creationTimestamp];
  const last = times.find((time) => time !== undefined && time !== null && time !== '');
  const first = [firstTimestamp, eventTime, metadata.creationTimestamp].find((time) => time) ?? last;
  return {
    namespace: metadata.namespace ?? '',
    object: `${(object.kind ?? '').toLowerCase()}/${object.name ?? ''}`,
    type: event.type ?? '',
    reason: event.reason ?? '',
    message: (event.message ?? '').trim(),
    count: Math.max(series?.count ?? 0, count ?? 0, 1),
    firstMs: Date.parse(first ?? '') || 0,
    lastMs: Date.parse(last ?? '') || 0,
  };
}

/** The same of the same object is one, the latest of all last. */
export function merged(happenings: readonly Happening[]): Happening[] {
  const known = new Map<string, Happening>();
  for (const one of happenings) {
    const key = JSON.stringify([one.namespace, one.object, one.type, one.reason, one.message]);
    const before = known.get(key);
    known.set(key, before ? both(before, one) : one);
  }
  return [...known.values()].sort((a, b) => a.lastMs - b.lastMs || a.firstMs - b.firstMs || (a.object < b.object ? -1 : 1));
}

function both(a: Happening, b: Happening): Happening {
  return { ...a, count: a.count + b.count, firstMs: Math.min(a.firstMs, b.firstMs), lastMs: Math.max(a.lastMs, b.lastMs) };
}

export function passes({ type, lastMs }: Happening, { types, sinceMs }: EventFilter, nowMs: number): boolean {
  if (types.length > 0 && !types.includes(type.toLowerCase())) return false;
  return sinceMs === undefined || nowMs - lastMs <= sinceMs;
}

export const eventHeading = ['LAST', 'COUNT', 'TYPE', 'REASON', 'OBJECT', 'MESSAGE'];

export function eventRow(
  { namespace, object, type, reason, message, count, firstMs, lastMs }: Happening,
  nowMs: number,
  hasNamespace: boolean,
): string[] {
  const ago = (ms: number) => (ms === 0 ? '?' : humanDuration(Math.max(0, nowMs - ms)));
  const times = count > 1 ? `${count} in ${humanDuration(Math.max(0, nowMs - firstMs))}` : '1';
  return [...(hasNamespace ? [namespace] : []), ago(lastMs), times, type, reason, object, message.replace(/\s*\n\s*/g, ' ')];
}
