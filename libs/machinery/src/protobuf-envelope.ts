// Kubernetes' protobuf envelope: the prefix `k8s\0`, then a runtime.Unknown that names the kind and holds the object's bytes.
import { eachField, textOf, WireWriter, wireTypes } from './protobuf-wire.ts';
import { StatusError } from './status.ts';

const magic = [0x6b, 0x38, 0x73, 0x00];

export interface UnknownEnvelope {
  apiVersion: string;
  kind: string;
  raw: Uint8Array;
  contentEncoding: string;
  contentType: string;
}

/** Opens `k8s\0` + runtime.Unknown. @throws StatusError BadRequest */
export function decodeUnknownEnvelope(bytes: Uint8Array): UnknownEnvelope {
  if (magic.some((byte, i) => bytes[i] !== byte))
    throw StatusError.badRequest('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  const envelope: UnknownEnvelope = { apiVersion: '', kind: '', raw: new Uint8Array(), contentEncoding: '', contentType: '' };
  eachField(bytes.subarray(4), (number, reader, wire) => {
    if (wire !== wireTypes.bytes) return reader.skip(wire);
    const value = reader.bytes();
    if (number === 1) {
      eachField(value, (inner, innerReader, innerWire) => {
        if (innerWire !== wireTypes.bytes) return innerReader.skip(innerWire);
        const text = textOf(innerReader.bytes());
        if (inner === 1) envelope.apiVersion = text;
        if (inner === 2) envelope.kind = text;
      });
    }
    if (number === 2) envelope.raw = value;
    if (number === 3) envelope.contentEncoding = textOf(value);
    if (number === 4) envelope.contentType = textOf(value);
  });
  return envelope;
}

export function encodeUnknownEnvelope(apiVersion: string, kind: string, raw: Uint8Array): Uint8Array {
  const type = new WireWriter();
  type.text(1, apiVersion);
  type.text(2, kind);
  const out = new WireWriter();
  out.tag(1, wireTypes.bytes);
  out.bytes(type.finish());
  out.tag(2, wireTypes.bytes);
  out.bytes(raw);
  out.text(3, '');
  out.text(4, '');
  const body = out.finish();
  const bytes = new Uint8Array(4 + body.length);
  bytes.set(magic);
  bytes.set(body, 4);
  return bytes;
}
