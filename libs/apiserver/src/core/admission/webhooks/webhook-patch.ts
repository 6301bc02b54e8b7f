// What a webhook makes of an object: its JSON patch, applied in the version that the webhook was shown, read as any body of the kind is.
import {
  applyJsonPatch,
  deepEqual,
  isRecord,
  type KubeObject,
  managedFieldsOf,
  PatchError,
  parseJson,
  StatusError,
  setManagedFields,
} from '@berth/machinery';
import { readBody } from '../../body.ts';
import { become } from '../../fresh-copies.ts';
import { inVersion } from '../../kind-versions.ts';
import type { ReviewResponse } from './admission-review.ts';
import type { Asked } from './webhook-calls.ts';
import { CallFailure } from './webhook-errors.ts';

/** Undefined for none. @throws CallFailure for what is no patch */
export function patchOf(name: string, { patch, patchType }: ReviewResponse): unknown[] | undefined {
  if (patch === '') return undefined;
  let operations: unknown;
  try {
    operations = parseJson(Buffer.from(patch, 'base64').toString());
  } catch (error) {
    throw undecodable(name, (error as Error).message);
  }
  if (operations !== null && !Array.isArray(operations))
    throw undecodable(name, 'json: cannot unmarshal object into Go value of type jsonpatch.Patch');
  if (operations === null || operations.length === 0) return undefined;
  if (patchType !== 'JSONPatch') throw new CallFailure(name, `unsupported patch type ${JSON.stringify(patchType)}`, 400);
  return operations;
}

function undecodable(name: string, problem: string): CallFailure {
  return new CallFailure(name, `received undecodable patch in webhook response: ${problem}`, 503);
}

/** Changes `request.object` in place. @returns whether it is another one now @throws StatusError for what does not apply, or makes no object */
export async function applyPatch({ webhook, request, match, objects }: Asked, patch: unknown[]): Promise<boolean> {
  const { object: shown } = objects;
  const { object } = request;
  if (!shown || !object) {
    const problem = 'attempted to modify the object, which is not supported for this operation';
    throw StatusError.internal(`admission webhook ${JSON.stringify(webhook.name)} ${problem}`);
  }
  const patched = applied(shown, patch);
  if (!isRecord(patched)) throw StatusError.internal('the patched object is none');
  const next = request.bodyKind ? (patched as unknown as KubeObject) : await read(patched, match.resource, request.kind);
  if (!request.bodyKind) checkPlace(next, object);
  if (deepEqual(next, object)) return false;
  become(object, next);
  return true;

  async function read(given: unknown, from: Asked['match']['resource'], to: typeof request.kind): Promise<KubeObject> {
    let made: KubeObject;
    try {
      made = readBody(from, given, { fieldValidation: 'Ignore' }).object;
    } catch (error) {
      throw error instanceof StatusError ? StatusError.internal(error.message) : error;
    }
    from.defaults(made);
    const stored = from === to ? made : await inVersion(made, from, to);
    // Who owns what is the server's to say.
    setManagedFields(stored, managedFieldsOf(object as KubeObject) ?? []);
    return stored;
  }
}

function applied(shown: KubeObject, patch: unknown[]): unknown {
  try {
    return applyJsonPatch(shown, patch);
  } catch (error) {
    if (error instanceof PatchError) throw StatusError.internal(error.why);
    throw error instanceof StatusError ? StatusError.internal(error.message) : error;
  }
}

/** Where an object is stored, its request says. */
function checkPlace({ metadata: next }: KubeObject, { metadata }: KubeObject): void {
  if ((next.namespace ?? '') !== (metadata.namespace ?? '')) {
    throw StatusError.badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if ((next.name ?? '') !== (metadata.name ?? '')) {
    throw StatusError.badRequest(`the name of the object (${next.name}) does not match the name on the URL (${metadata.name})`);
  }
}
