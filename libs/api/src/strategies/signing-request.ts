// What a write to the status of a CertificateSigningRequest keeps and fills in: decisions stand, and every condition has its times.
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../generated/certificates-v1.types.ts';

/** What only the approval subresource decides. */
const decisions = ['Approved', 'Denied'];

/** A condition that is not given whole is no attempt to change a decision, unless there are more or fewer of its type. */
export function prepareSigningStatus(next: CertificateSigningRequest, old: CertificateSigningRequest, now: string): void {
  const conditions = next.status?.conditions;
  if (!conditions) return;
  for (const type of decisions) {
    const kept = (old.status?.conditions ?? []).filter((condition) => condition.type === type);
    const places = [...conditions.keys()].filter((index) => conditions[index]?.type === type);
    if (places.length === kept.length) for (const [n, place] of places.entries()) Object.assign(conditions, { [place]: { ...kept[n] } });
  }
  fillConditionTimes(next, old, now);
}

/** An approval changes the conditions, and nothing else of the status. */
export function prepareSigningApproval(next: CertificateSigningRequest, old: CertificateSigningRequest, now: string): void {
  fillConditionTimes(next, old, now);
  const { conditions } = next.status ?? {};
  next.spec = old.spec;
  next.status = { ...old.status, conditions };
}

/** The last transition is that of a condition of the same type and status, where there was one. Changes `next`. */
function fillConditionTimes(next: CertificateSigningRequest, old: CertificateSigningRequest, now: string): void {
  for (const condition of next.status?.conditions ?? []) {
    condition.lastUpdateTime ??= now;
    condition.lastTransitionTime ??= before(old, condition)?.lastTransitionTime ?? now;
  }
}

function before({ status }: CertificateSigningRequest, { type, status: value }: CertificateSigningRequestCondition) {
  return status?.conditions?.find((condition) => condition.type === type && condition.status === value && condition.lastTransitionTime);
}
