// What answers for itself is available from the start: nothing has to be found out.
import type { APIService, APIServiceCondition } from '../generated/apiregistration-v1.types.ts';

/** Of a version that this server answers for itself. Words and reason are those of Kubernetes' aggregator. @param now RFC 3339 */
export function localCondition(now: string): Required<APIServiceCondition> {
  return {
    type: 'Available',
    status: 'True',
    lastTransitionTime: now,
    reason: 'Local',
    message: 'Local APIServices are always available',
  };
}

export function beginLocal(service: APIService): void {
  if (service.spec?.service) return;
  service.status = { conditions: [localCondition(service.metadata.creationTimestamp ?? '')] };
}
