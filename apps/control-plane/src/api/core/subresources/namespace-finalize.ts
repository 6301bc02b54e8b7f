// namespaces/finalize: a Namespace's spec.finalizers, which nothing else may change.
import { deepClone, StatusError } from '@berth/machinery';
import type { Answer, Call, WriteSettings } from '../types.ts';
import type { Writes } from '../writes.ts';
import { ofKind, ofObject, type SubresourceDefinition } from './subresource.ts';

export const namespaceFinalize: SubresourceDefinition = {
  name: 'finalize',
  of: ofKind('', 'Namespace'),
  handler: ({ writes }) => ({ update: (call, body, settings) => finalize(writes, ofObject(call), body, settings) }),
};

function finalize(writes: Writes, call: Call, body: unknown, settings: WriteSettings): Promise<Answer> {
  const { finalizers } = (body as { spec?: { finalizers?: unknown } } | null)?.spec ?? {};
  if (finalizers !== undefined && !(Array.isArray(finalizers) && finalizers.every((name) => typeof name === 'string'))) {
    throw StatusError.badRequest('spec.finalizers must be a list of strings');
  }
  return writes.change(call, 'internal', settings, (old) => {
    const { resourceVersion, uid } = (body as { metadata?: { resourceVersion?: string; uid?: string } } | null)?.metadata ?? {};
    const object = { ...deepClone(old), spec: { finalizers: finalizers ?? [] } };
    if (resourceVersion) object.metadata.resourceVersion = resourceVersion;
    if (uid) object.metadata.uid = uid;
    return { object, warnings: [] };
  });
}
