// ConversionReview (apiextensions.k8s.io): what a conversion webhook is asked, and what its answer must be. Problems are worded as
// kube-apiserver words them, which is what authors of webhooks look for.
import { apiVersionOf, isRecord, type KubeObject } from '@berth/machinery';

const group = 'apiextensions.k8s.io';
const known = ['v1', 'v1beta1'];

/** What upstream's metrics call the reasons for which a conversion fails. */
export type ConversionFailure =
  | 'conversion_webhook_call_failure'
  | 'conversion_webhook_malformed_response_failure'
  | 'conversion_webhook_partial_response_failure'
  | 'conversion_webhook_invalid_converted_object_failure';

export interface Review {
  version: string;
  uid: string;
  body: object;
}

/** In the first of `versions` that is known; undefined where none is. */
export function reviewOf(
  versions: readonly string[],
  uid: string,
  desiredAPIVersion: string,
  objects: readonly KubeObject[],
): Review | undefined {
  const version = versions.find((one) => known.includes(one));
  if (!version) return undefined;
  const apiVersion = apiVersionOf({ group, version });
  return { version, uid, body: { kind: 'ConversionReview', apiVersion, request: { uid, desiredAPIVersion, objects } } };
}

/** @throws Error for what is no answer to the review, or says that the conversion failed */
export function convertedObjects({ version, uid }: Review, answer: unknown): unknown[] {
  const { apiVersion = '', kind = '', response } = isRecord(answer) ? answer : {};
  // Answers in v1beta1 were never looked at so closely.
  if (version === 'v1' && (apiVersion !== `${group}/v1` || kind !== 'ConversionReview')) {
    const [ownGroup, ownVersion] = String(apiVersion).includes('/') ? String(apiVersion).split('/') : ['', String(apiVersion)];
    throw new Error(`expected webhook response of ${group}/v1, Kind=ConversionReview, got ${ownGroup}/${ownVersion}, Kind=${kind}`);
  }
  if (!isRecord(response)) throw new Error('no response provided');
  if (version === 'v1' && response.uid !== uid) {
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`);
  }
  const { status = '', message = '' } = isRecord(response.result) ? response.result : {};
  if (status !== 'Success') throw new Error(message ? String(message) : `response.result.status was '${status}', not 'Success'`);
  return Array.isArray(response.convertedObjects) ? response.convertedObjects : [];
}
