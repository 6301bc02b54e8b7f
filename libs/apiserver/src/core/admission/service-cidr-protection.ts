// Ranges of service addresses are born with the finalizer that keeps them while addresses of theirs are in use: were it added
// later, a range could go in between. The controller of ranges takes it off.
import { serviceCidrFinalizer } from '@berth/api';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { creates } from './request-predicates.ts';

export class ServiceCidrProtection implements AdmissionPlugin {
  readonly name = 'ServiceCIDRProtection';

  mutate(request: AdmissionRequest): void {
    if (!creates(request, 'networking.k8s.io', 'ServiceCIDR')) return;
    const { metadata } = request.object;
    const { finalizers = [] } = metadata;
    if (!finalizers.includes(serviceCidrFinalizer)) metadata.finalizers = [...finalizers, serviceCidrFinalizer];
  }
}
