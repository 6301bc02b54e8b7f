// Takes what somebody has made of a request's object, in the version that they were shown, into the request: read as any body of the kind
// is, with its defaults, at the place that the request names. Who owns which field stays the server's to say.
import { deepEqual, type KindDefinition, type KubeObject, managedFieldsOf, StatusError, setManagedFields } from '@berth/machinery';
import { type Reading, readBody } from '../body.ts';
import { become } from '../fresh-copies.ts';
import { inVersion } from '../kind-versions.ts';
import type { WriteSettings } from '../types.ts';
import type { DynamicRequest } from './admitted-request.ts';

export interface Mutated {
  /** Of `resource`, or of what is sent where that is no object. */
  value: Record<string, unknown>;
  /** The kind in the version that was shown. */
  resource: KindDefinition;
  fieldValidation?: WriteSettings['fieldValidation'];
  reading?: Reading;
  /** What is thrown in place of what cannot be read. */
  refused(error: StatusError): Error;
}

/** Changes `request.object` in place. @returns whether it is another one now @throws StatusError for what is no object of its kind */
export async function takeMutated(request: DynamicRequest, mutated: Mutated): Promise<boolean> {
  const { object, bodyKind } = request;
  if (!object) throw StatusError.internal('there is no object that could be changed');
  const next = bodyKind ? (mutated.value as unknown as KubeObject) : await read(request, object, mutated);
  if (!bodyKind) checkPlace(next, object);
  if (deepEqual(next, object)) return false;
  become(object, next);
  return true;
}

async function read({ kind }: DynamicRequest, object: KubeObject, mutated: Mutated): Promise<KubeObject> {
  const { resource } = mutated;
  const made = readAs(resource, mutated);
  resource.defaults(made);
  const stored = resource === kind ? made : await inVersion(made, resource, kind);
  setManagedFields(stored, managedFieldsOf(object) ?? []);
  return stored;
}

function readAs(kind: KindDefinition, { value, fieldValidation = 'Ignore', reading, refused }: Mutated): KubeObject {
  try {
    return readBody(kind, value, { fieldValidation }, reading).object;
  } catch (error) {
    throw error instanceof StatusError ? refused(error) : error;
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
