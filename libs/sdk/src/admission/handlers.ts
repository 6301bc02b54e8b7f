// What answers an admission webhook's reviews: a function of the object and of who asks, typed by its kind. One that throws has decided
// nothing: the server answers 500, and the webhook's failurePolicy decides (admission.k8s.io/v1).
import { isRecord, type KindDefinition, type KubeObject } from '@berth/machinery';
import { type PatchOperation, patchBetween } from './patch-between.ts';

export interface Review<T extends KubeObject> {
  operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  /** As it is to be; undefined when it is deleted. */
  object: T | undefined;
  /** As it was; undefined when it is created. */
  old: T | undefined;
  /** '' for the object itself. */
  subresource: string;
  name: string;
  namespace: string;
  user: { username: string; groups: string[] };
  isDryRun: boolean;
}

export interface Decision {
  allowed: boolean;
  /** What who asks reads when it is refused. */
  message?: string;
  /** HTTP code of a refusal; by default 403. */
  code?: number;
  warnings?: string[];
  auditAnnotations?: Record<string, string>;
}

export type Mutation<T> = Decision & { object?: T };

/** An AdmissionRequest in, an AdmissionResponse out, but for the uid. */
export type Handler = (request: Record<string, unknown>) => Promise<Record<string, unknown>>;

export const allow = (more: Omit<Decision, 'allowed' | 'message' | 'code'> = {}): Decision => ({ ...more, allowed: true });
export const deny = (message: string, more: Omit<Decision, 'allowed' | 'message'> = {}): Decision => ({ ...more, allowed: false, message });

type Awaitable<T> = T | Promise<T>;

export function validating<T extends KubeObject>(kind: KindDefinition<T>, decide: (review: Review<T>) => Awaitable<Decision>): Handler {
  return async (request) => responseOf(await decide(reviewOf(kind, request)));
}

/** @param change returns the object as it is to be, which may be the one that was given, changed or not; or a decision */
export function mutating<T extends KubeObject>(
  kind: KindDefinition<T>,
  change: (review: Review<T>) => Awaitable<T | Mutation<T> | undefined>,
): Handler {
  return async (request) => {
    // What is given may be changed in place.
    const answer = await change(reviewOf(kind, structuredClone(request)));
    const mutation: Mutation<T> = isDecision(answer) ? answer : { allowed: true, ...(answer && { object: answer }) };
    if (!mutation.object || !mutation.allowed) return responseOf(mutation);
    const patch: PatchOperation[] = patchBetween(request.object, mutation.object);
    if (patch.length === 0) return responseOf(mutation);
    return { ...responseOf(mutation), patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') };
  };
}

function isDecision<T>(answer: T | Mutation<T> | undefined): answer is Mutation<T> {
  return isRecord(answer) && typeof answer.allowed === 'boolean' && answer.apiVersion === undefined;
}

function responseOf({ allowed, message, code = 403, warnings, auditAnnotations }: Decision): Record<string, unknown> {
  return {
    allowed,
    ...(!allowed && { status: { code, message: message ?? 'the webhook gave no reason' } }),
    ...(warnings && { warnings }),
    ...(auditAnnotations && { auditAnnotations }),
  };
}

/** @throws TypeError for what is of another kind: the webhook's rules send what its handler does not expect */
function reviewOf<T extends KubeObject>(kind: KindDefinition<T>, request: Record<string, unknown>): Review<T> {
  const { object, oldObject, operation, subResource, name, namespace, userInfo, dryRun } = request;
  for (const given of [object, oldObject]) {
    if (isRecord(given) && given.kind !== kind.kind) {
      throw new TypeError(`this handler is for ${kind.kind}, and was sent a ${given.kind}: look at the webhook's rules and path`);
    }
  }
  const { username, groups } = isRecord(userInfo) ? userInfo : {};
  return {
    operation: operation as Review<T>['operation'],
    object: isRecord(object) ? (object as unknown as T) : undefined,
    old: isRecord(oldObject) ? (oldObject as unknown as T) : undefined,
    subresource: textOf(subResource),
    name: textOf(name),
    namespace: textOf(namespace),
    user: { username: textOf(username), groups: Array.isArray(groups) ? groups.map(textOf) : [] },
    isDryRun: dryRun === true,
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
