// Spans as the body of an OTLP export (opentelemetry.proto.collector.trace.v1, version 1 of the protocol). So few messages of it are
// needed that they are written by hand: descriptors of all would take memory in every process.
import type { SpanContext } from './trace-context.ts';
import type { Attributes, FinishedSpan, SpanKind } from './tracer.ts';

const kinds: Record<SpanKind, number> = { internal: 1, server: 2, client: 3 };
const errorStatus = 2;
const sampledFlag = 1;

/** Wire types of protobuf. */
const [varintType, fixed64Type, bytesType, fixed32Type] = [0, 1, 2, 5];

/** ExportTraceServiceRequest. @param resource what is true of all spans, beside the name of their service */
export function exportRequest(spans: readonly FinishedSpan[], resource: Attributes): Buffer {
  const byService = Map.groupBy(spans, ({ service }) => service);
  return Buffer.concat([...byService].map(([service, own]) => message(1, resourceSpans(own, { 'service.name': service, ...resource }))));
}

function resourceSpans(spans: readonly FinishedSpan[], resource: Attributes): Buffer[] {
  const scoped = [message(1, text(1, 'berth')), ...spans.map((span) => message(2, spanBytes(span)))];
  return [message(1, attributes(1, resource)), message(2, scoped)];
}

export interface PartialSuccess {
  rejectedSpans: number;
  errorMessage: string;
}

/** ExportTraceServiceResponse: what a collector took not, which it may say of a request that succeeded. */
export function exportAnswer(bytes: Buffer): PartialSuccess {
  const partial = fieldsOf(fieldsOf(bytes).get(1) as Buffer | undefined);
  return { rejectedSpans: Number(partial.get(1) ?? 0), errorMessage: String(partial.get(2) ?? '') };
}

function spanBytes({ context, parentSpanId, name, kind, startMs, endMs, attributes: said, links, error }: FinishedSpan): Buffer {
  return Buffer.concat([
    field(1, Buffer.from(context.traceId, 'hex')),
    field(2, Buffer.from(context.spanId, 'hex')),
    ...(parentSpanId === undefined ? [] : [field(4, Buffer.from(parentSpanId, 'hex'))]),
    text(5, name),
    integer(6, BigInt(kinds[kind])),
    nanoseconds(7, startMs),
    nanoseconds(8, endMs),
    ...attributes(9, said),
    ...links.map((link) => message(13, linkBytes(link))),
    ...(error === undefined ? [] : [message(15, [text(2, error), integer(3, BigInt(errorStatus))])]),
    flags(16, sampledFlag),
  ]);
}

function linkBytes({ traceId, spanId }: SpanContext): Buffer[] {
  return [field(1, Buffer.from(traceId, 'hex')), field(2, Buffer.from(spanId, 'hex'))];
}

function attributes(number: number, values: Attributes): Buffer[] {
  return Object.entries(values).map(([key, value]) => message(number, [text(1, key), message(2, anyValue(value))]));
}

function anyValue(value: string | number | boolean): Buffer {
  if (typeof value === 'string') return text(1, value);
  if (typeof value === 'boolean') return integer(2, value ? 1n : 0n);
  if (Number.isSafeInteger(value)) return integer(3, BigInt(value));
  const double = Buffer.alloc(8);
  double.writeDoubleLE(value);
  return Buffer.concat([tag(4, fixed64Type), double]);
}

function tag(number: number, type: number): Buffer {
  return varint(BigInt(number * 8 + type));
}

/** Of 64 bits; negative ones in two's complement. */
function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([tag(number, bytesType), varint(BigInt(bytes.length)), bytes]);
}

function message(number: number, parts: Buffer | Buffer[]): Buffer {
  return field(number, Buffer.isBuffer(parts) ? parts : Buffer.concat(parts));
}

function text(number: number, value: string): Buffer {
  return field(number, Buffer.from(value));
}

function integer(number: number, value: bigint): Buffer {
  return Buffer.concat([tag(number, varintType), varint(value)]);
}

function nanoseconds(number: number, ms: number): Buffer {
  const bytes = Buffer.alloc(8);
  // Through microseconds: in nanoseconds a double has not so many digits.
  bytes.writeBigUInt64LE(BigInt(Math.max(0, Math.round(ms * 1000))) * 1000n);
  return Buffer.concat([tag(number, fixed64Type), bytes]);
}

function flags(number: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return Buffer.concat([tag(number, fixed32Type), bytes]);
}

/** Of a message from outside: the last of each, and nothing behind what cannot be read. */
function fieldsOf(bytes: Buffer = Buffer.alloc(0)): Map<number, bigint | Buffer> {
  const fields = new Map<number, bigint | Buffer>();
  let at = 0;
  const next = () => {
    let value = 0n;
    for (let shift = 0n; at < bytes.length && shift < 64n; shift += 7n) {
      const byte = bytes[at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return undefined;
  };
  for (let head = next(); head !== undefined; head = next()) {
    const [number, type] = [Number(head >> 3n), Number(head & 7n)];
    const value = type === varintType || type === bytesType ? next() : undefined;
    if (value === undefined) break;
    if (type === varintType) fields.set(number, value);
    else {
      fields.set(number, bytes.subarray(at, at + Number(value)));
      at += Number(value);
    }
  }
  return fields;
}
