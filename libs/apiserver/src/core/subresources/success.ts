// What a POST to a subresource answers that returns no object: a Status that says it went well.
import type { KubeObject } from '@berth/machinery';
import { toBytes } from '../object-codec.ts';
import type { Answer } from '../types.ts';

export function successAnswer(code: number, warnings: string[] = []): Answer {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code };
  return { code, warnings, object: status as unknown as KubeObject, bytes: toBytes(status) };
}
