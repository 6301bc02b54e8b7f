// Which trace something belongs to: as W3C Trace Context writes it in the header `traceparent`, and for pods by their UID, so that every
// process knows the trace of a pod without being told.
import { createHash } from 'node:crypto';

export interface SpanContext {
  /** 32 hexadecimal digits. */
  traceId: string;
  /** 16 hexadecimal digits. */
  spanId: string;
  isSampled: boolean;
}

/** W3C Trace Context, section 3.2: later versions may say more behind the flags. */
const traceparent = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** @param header as it came. Undefined for what is none, which is then ignored, as the specification wants it */
export function parseTraceparent(header: unknown): SpanContext | undefined {
  const parts = typeof header === 'string' ? traceparent.exec(header) : null;
  if (!parts) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', more] = parts;
  if (version === 'ff' || (version === '00' && more !== undefined) || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The span that all others of a pod's trace are below. Hashed, as the digits of a UUID are not all random, and sampling goes by them. */
export function podIds(uid: string): Pick<SpanContext, 'traceId' | 'spanId'> {
  const digest = createHash('sha256').update(uid).digest('hex');
  return { traceId: digest.slice(0, 32), spanId: digest.slice(32, 48) };
}
