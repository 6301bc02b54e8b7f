// certificatesigningrequests/approval: where a request for a certificate is approved or denied. Who may is decided by signer: the
// verb `approve` on it.
import { CertificateSigningRequest } from '@berth/api';
import { StatusError } from '@berth/machinery';
import { mayUseSigner } from '../admission/certificate-requests.ts';
import { answer } from '../object-answer.ts';
import type { Call } from '../types.ts';
import { partialUpdate } from './partial-update.ts';
import { ofKind, type SubresourceDefinition, type SubresourcePorts } from './subresource.ts';

export const signingApproval: SubresourceDefinition = {
  name: 'approval',
  of: ofKind('certificates.k8s.io', 'CertificateSigningRequest'),
  resource: (ports) => {
    const { update, patch, apply } = partialUpdate(ports);
    return {
      get: async (call, settings) => answer(await ports.read(call, settings), 200, []),
      update: async (call, body, settings, authorizeCreate) => {
        await checkApprover(ports, call);
        return update(call, body, settings, authorizeCreate);
      },
      patch: async (call, type, body, settings) => {
        await checkApprover(ports, call);
        return patch(call, type, body, settings);
      },
      apply: async (call, configuration, settings, authorizeCreate) => {
        await checkApprover(ports, call);
        return apply(call, configuration, settings, authorizeCreate);
      },
    };
  },
};

/** A request's signer never changes, so that it can be looked at first. @throws StatusError Forbidden, NotFound */
export async function checkApprover(ports: Pick<SubresourcePorts, 'read' | 'isAllowed'>, call: Call): Promise<void> {
  const { spec } = (await ports.read(call)).object as CertificateSigningRequest;
  if (await mayUseSigner(ports.isAllowed, call.user, 'approve', spec.signerName)) return;
  const detail = `user not permitted to approve requests with signerName ${JSON.stringify(spec.signerName)}`;
  throw StatusError.forbidden(CertificateSigningRequest, call.name ?? '', detail);
}
