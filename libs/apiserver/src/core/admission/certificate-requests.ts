// Who asked for a certificate is written by the server, and nobody becomes an administrator by asking for one.
import 'reflect-metadata';
import type { CertificateSigningRequest } from '@berth/api';
import { deepEqual, StatusError } from '@berth/machinery';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import type { Attributes } from '../authorizer.ts';
import type { User } from '../types.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';

type IsAllowed = (user: User, attributes: Attributes) => Promise<{ allowed: boolean }>;

const clientSigner = 'kubernetes.io/kube-apiserver-client';

export class CertificateRequests implements AdmissionPlugin {
  readonly name = 'CertificateSubjectRestriction';

  readonly #isAllowed: IsAllowed;

  constructor(isAllowed: IsAllowed) {
    this.#isAllowed = isAllowed;
  }

  /** Delivering a certificate takes the verb `sign` on its signer. */
  async checkStatus({ kind, object, old, name, user }: AdmissionRequest): Promise<void> {
    if (kind.group !== 'certificates.k8s.io' || kind.kind !== 'CertificateSigningRequest') return;
    const [next, before] = [object as CertificateSigningRequest, old as CertificateSigningRequest];
    if (deepEqual(next.status ?? {}, before.status ?? {})) return;
    const { signerName } = before.spec;
    if (await mayUseSigner(this.#isAllowed, user, 'sign', signerName)) return;
    throw StatusError.forbidden(kind, name, `user not permitted to sign requests with signerName ${JSON.stringify(signerName)}`);
  }

  mutate({ operation, kind, subresource, object, name, user }: AdmissionRequest): void {
    if (kind.group !== 'certificates.k8s.io' || kind.kind !== 'CertificateSigningRequest' || operation !== 'CREATE' || subresource) return;
    const { spec } = object as CertificateSigningRequest;
    if (!spec) return;
    spec.username = user.name;
    spec.groups = [...user.groups];
    delete spec.uid;
    delete spec.extra;
    if (user.uid) spec.uid = user.uid;
    if (user.extra) spec.extra = structuredClone(user.extra);
    if (spec.signerName === clientSigner && organizationsOf(spec.request).includes('system:masters')) {
      const detail = `use of ${clientSigner} signer with system:masters group is not allowed`;
      throw StatusError.forbidden(kind, name, detail);
    }
  }
}

/** A signer is named in full, or all of a domain's together. */
export async function mayUseSigner(isAllowed: IsAllowed, user: User, verb: 'approve' | 'sign', signer: string): Promise<boolean> {
  const about = { verb, group: 'certificates.k8s.io', resource: 'signers' };
  const names = [signer, `${signer.split('/')[0]}/*`];
  for (const name of names) if ((await isAllowed(user, { ...about, name })).allowed) return true;
  return false;
}

/** None of what cannot be read: validation refuses that. */
function organizationsOf(request: unknown): string[] {
  try {
    const pem = Buffer.from(String(request), 'base64').toString('latin1');
    return new Pkcs10CertificateRequest(pem).subjectName.getField('O');
  } catch {
    return [];
  }
}
