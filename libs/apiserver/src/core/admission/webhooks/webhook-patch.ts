// What a webhook makes of an object: its JSON patch, applied in the version that the webhook was shown, read as any body of the kind is.
import { applyJsonPatch, isRecord, type KubeObject, PatchError, parseJson, StatusError } from '@berth/machinery';
import { takeMutated } from '../mutated-object.ts';
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
  return takeMutated(request, { value: patched, resource: match.resource, refused: ({ message }) => StatusError.internal(message) });
}

function applied(shown: KubeObject, patch: unknown[]): unknown {
  try {
    return applyJsonPatch(shown, patch);
  } catch (error) {
    if (error instanceof PatchError) throw StatusError.internal(error.why);
    throw error instanceof StatusError ? StatusError.internal(error.message) : error;
  }
}
