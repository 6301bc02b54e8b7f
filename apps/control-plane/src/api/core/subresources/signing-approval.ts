// certificatesigningrequests/approval: where a request for a certificate is approved or denied, and nothing else is changed.
// Who may is decided by signer: the verb `approve` on it.
import { CertificateSigningRequest, type CertificateSigningRequestCondition, validateSigningApproval } from '@berth/api';
import { deepClone, type KubeObject, StatusError } from '@berth/machinery';
import { timestamp } from '@berth/telemetry';
import { mayUseSigner } from '../admission/certificate-requests.ts';
import { readBody } from '../body.ts';
import { readPatched } from '../patches.ts';
import type { Answer, Call, WriteSettings } from '../types.ts';
import { ofKind, ofObject, type SubresourceDefinition, type SubresourcePorts } from './subresource.ts';

export const signingApproval: SubresourceDefinition = {
  name: 'approval',
  of: ofKind('certificates.k8s.io', 'CertificateSigningRequest'),
  handler: (ports) => ({
    get: (call, settings) =>
      ports.read(call, settings).then((entry) => ({ bytes: entry.bytes, object: entry.object, code: 200, warnings: [] })),
    update: (call, body, settings) => decide(ports, call, settings, () => readBody(call.kind, body, settings).object),
    patch: (call, type, patch, settings) =>
      decide(ports, call, settings, (old) => readPatched(call.kind, type, old, patch, settings).object),
  }),
};

type Ports = Pick<SubresourcePorts, 'writes' | 'clock' | 'read' | 'isAllowed'>;

async function decide(ports: Ports, call: Call, settings: WriteSettings, wanted: (old: KubeObject) => KubeObject): Promise<Answer> {
  const target = ofObject(call);
  const current = (await ports.read(target)).object as CertificateSigningRequest;
  const name = target.name ?? '';
  if (!(await mayUseSigner(ports.isAllowed, call.user, 'approve', current.spec.signerName))) {
    const detail = `user not permitted to approve requests with signerName ${JSON.stringify(current.spec.signerName)}`;
    throw StatusError.forbidden(CertificateSigningRequest, name, detail);
  }
  return ports.writes.change(target, 'internal', settings, (stored) => {
    const old = stored as CertificateSigningRequest;
    const given = wanted(old) as CertificateSigningRequest;
    const next = deepClone(old);
    const { resourceVersion } = given.metadata;
    if (resourceVersion) next.metadata.resourceVersion = resourceVersion;
    next.status = { ...given.status, conditions: withTimes(given, old, timestamp(ports.clock)) };
    const errors = validateSigningApproval(next, old);
    if (errors.length > 0) throw StatusError.invalid(CertificateSigningRequest, name, errors);
    return { object: next as KubeObject, warnings: [] };
  });
}

function withTimes(next: CertificateSigningRequest, old: CertificateSigningRequest, now: string): CertificateSigningRequestCondition[] {
  return (next.status?.conditions ?? []).map((condition) => {
    const before = old.status?.conditions?.find(({ type, status }) => type === condition.type && status === condition.status);
    const lastTransitionTime = condition.lastTransitionTime ?? before?.lastTransitionTime ?? now;
    return { ...condition, lastUpdateTime: condition.lastUpdateTime ?? now, lastTransitionTime };
  });
}
