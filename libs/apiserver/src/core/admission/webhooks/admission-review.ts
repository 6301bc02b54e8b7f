// AdmissionReview v1 and v1beta1: what a webhook is asked, and what of its answer is one.
import { apiVersionOf, isRecord, type KubeObject, type Status } from '@berth/machinery';
import type { DynamicRequest } from '../admission.ts';
import { admissionRequest } from '../expressions/index.ts';
import type { Match } from '../matching/index.ts';

export type ReviewVersion = 'v1' | 'v1beta1';

export interface ReviewedObjects {
  object: KubeObject | undefined;
  old: KubeObject | undefined;
}

export interface ReviewResponse {
  allowed: boolean;
  /** Base64 of a JSON patch; empty for none. */
  patch: string;
  patchType: string;
  status: Partial<Status>;
  auditAnnotations: Record<string, string>;
  warnings: string[];
}

/** The first that this server knows. */
export function reviewVersion(versions: readonly string[] = []): ReviewVersion | undefined {
  return versions.find((version): version is ReviewVersion => version === 'v1' || version === 'v1beta1');
}

export function reviewOf(version: ReviewVersion, uid: string, request: DynamicRequest, match: Match, objects: ReviewedObjects): object {
  return {
    kind: 'AdmissionReview',
    apiVersion: `admission.k8s.io/${version}`,
    request: { uid, ...admissionRequest(request, match), object: objects.object ?? null, oldObject: objects.old ?? null },
  };
}

/** @throws Error in kube-apiserver's words for what is no answer to the question */
export function verifiedResponse(version: ReviewVersion, uid: string, mutates: boolean, review: unknown): ReviewResponse {
  const given = isRecord(review) ? review : {};
  const { response } = given;
  if (!isRecord(response)) throw new Error('webhook response was absent');
  const { allowed, patch, patchType, status, auditAnnotations, warnings } = response;
  const patchText = typeof patch === 'string' ? patch : '';
  if (version === 'v1') {
    if (response.uid !== uid) throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`);
    const expected = kindText({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1' });
    const actual = kindText(given);
    if (actual !== expected) throw new Error(`expected webhook response of ${expected}, got ${actual}`);
    checkPatch(mutates, patchText, patchType);
  }
  return {
    allowed: allowed === true,
    patch: mutates ? patchText : '',
    patchType: version === 'v1beta1' ? 'JSONPatch' : String(patchType ?? ''),
    status: isRecord(status) ? (status as Partial<Status>) : {},
    auditAnnotations: isRecord(auditAnnotations) ? textsIn(auditAnnotations) : {},
    warnings: Array.isArray(warnings) ? warnings.filter((warning) => typeof warning === 'string') : [],
  };
}

function checkPatch(mutates: boolean, patch: string, patchType: unknown): void {
  const hasType = patchType !== undefined && patchType !== null;
  if (!mutates && patch !== '') throw new Error('validating webhook may not return response.patch');
  if (!mutates && hasType) throw new Error('validating webhook may not return response.patchType');
  if (patch !== '' && !hasType) throw new Error('webhook returned response.patch but not response.patchType');
  if (patch === '' && hasType) throw new Error('webhook returned response.patchType but not response.patch');
  if (patchType === '') throw new Error('webhook returned invalid response.patchType of ""');
}

function textsIn(given: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** `admission.k8s.io/v1, Kind=AdmissionReview`; what has neither is `/, Kind=`. */
function kindText({ kind = '', apiVersion = '' }: { kind?: unknown; apiVersion?: unknown }): string {
  const [version = '', group = ''] = String(apiVersion).split('/').reverse();
  return `${version === '' ? '/' : apiVersionOf({ group, version })}, Kind=${kind}`;
}
