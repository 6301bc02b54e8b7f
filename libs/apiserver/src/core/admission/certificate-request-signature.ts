// A request for a certificate proves that whoever asks has the key. Kubernetes' validation refuses those that do not; kinds here
// are pure and can check no signature, so it is done beside them.
import 'reflect-metadata';
import type { CertificateSigningRequest } from '@berth/api';
import { StatusError } from '@berth/machinery';
import { signatureProblem } from '@berth/pki';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';

export class CertificateRequestSignature implements AdmissionPlugin {
  readonly name = 'CertificateRequestSignature';

  /** After validation: the request is PEM. */
  validate({ operation, kind, subresource, object, name }: AdmissionRequest): void {
    if (kind.group !== 'certificates.k8s.io' || kind.kind !== 'CertificateSigningRequest' || operation !== 'CREATE' || subresource) return;
    const { request } = (object as CertificateSigningRequest).spec;
    const detail = problemOf(request);
    if (detail !== undefined) throw StatusError.invalid(kind, name, [{ type: 'Invalid', field: 'spec.request', value: request, detail }]);
  }
}

function problemOf(request: string): string | undefined {
  try {
    return signatureProblem(new Pkcs10CertificateRequest(Buffer.from(request, 'base64').toString('latin1')));
  } catch (error) {
    return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}
