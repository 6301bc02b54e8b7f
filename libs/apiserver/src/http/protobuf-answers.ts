// Answers in Kubernetes' protobuf, for clients that ask for nothing else: objects and lists in an envelope that names their
// kind, watch events with their length before them.
import { apiVersionOf, encodeProtobuf, encodeUnknownEnvelope, type KindDefinition, type KubeObject } from '@berth/machinery';
import { lengthDelimited } from './protobuf-field.ts';
import { messageOf } from './request-body.ts';

export const protobufContentType = 'application/vnd.kubernetes.protobuf';
export const protobufWatchContentType = `${protobufContentType};stream=watch`;

export function protobufObject(object: { apiVersion?: string; kind?: string }): Uint8Array {
  const { apiVersion = '', kind = '' } = object;
  return encodeUnknownEnvelope(apiVersion, kind, encodeProtobuf(messageOf(apiVersion, kind), { ...object }));
}

export function protobufList(kind: KindDefinition, metadata: object, items: KubeObject[]): Uint8Array {
  return protobufObject({ apiVersion: apiVersionOf(kind), kind: kind.listKind, ...{ metadata, items } });
}

/** meta.v1.WatchEvent: the type is field 1; the object is field 2, a RawExtension with its bytes in field 1. */
export function protobufEvent(type: string, object: { apiVersion?: string; kind?: string }): Uint8Array {
  const event = Buffer.concat([lengthDelimited(1, type), lengthDelimited(2, lengthDelimited(1, protobufObject(object)))]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(event.length);
  return Buffer.concat([length, event]);
}
