// The smallest valid object of every certificates, admissionregistration and flowcontrol kind.
import { encodeBase64 } from '../encoding/base64.ts';
import type * as admission from '../generated/admissionregistration-v1.types.ts';
import type * as beta from '../generated/admissionregistration-v1beta1.types.ts';
import type * as certificates from '../generated/certificates-v1.types.ts';
import type * as flow from '../generated/flowcontrol-v1.types.ts';

const metadata = { name: 'sample' };
const admitting = { apiVersion: 'admissionregistration.k8s.io/v1' };
const mutating = { apiVersion: 'admissionregistration.k8s.io/v1beta1' };
const certifying = { apiVersion: 'certificates.k8s.io/v1' };
const sharing = { apiVersion: 'flowcontrol.apiserver.k8s.io/v1' };
/** A DER sequence of one small number: what is inside is read by those who trust it. */
const anyDer = 'MAMCAQE=';
/** Of `CN=sample`, signed with its Ed25519 key: the API takes no other. */
const signedRequest =
  'MIGQMEQCAQAwETEPMA0GA1UEAwwGc2FtcGxlMCowBQYDK2VwAyEA6aPrUbw0mgKLgyHZ5G/AG+fFrDmepPiGAHw++3BVJMigADAFBgMrZXADQQC+6scme+W2MEAisss1' +
  'zZN21APczL5qkQor/G8yq9Rd+xeVMyczdunTj3Bf8FLPN5DHI+T2Wb/g0OCaJa9hCKoD';

function pem(label: string, der = anyDer): string {
  return `-----BEGIN ${label}-----\n${der}\n-----END ${label}-----\n`;
}

function rules(): admission.RuleWithOperations[] {
  return [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }];
}

function webhooks(): admission.ValidatingWebhook[] {
  return [
    {
      name: 'pods.example.com',
      clientConfig: { service: { namespace: 'default', name: 'hooks' } },
      rules: rules(),
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
    },
  ];
}

export const admissionSamples = {
  CertificateSigningRequest: (): certificates.CertificateSigningRequest => ({
    ...certifying,
    kind: 'CertificateSigningRequest',
    metadata,
    spec: {
      request: encodeBase64(pem('CERTIFICATE REQUEST', signedRequest)),
      signerName: 'example.com/signer',
      usages: ['client auth'],
    },
  }),
  FlowSchema: (): flow.FlowSchema => ({
    ...sharing,
    kind: 'FlowSchema',
    metadata,
    spec: {
      priorityLevelConfiguration: { name: 'sample' },
      rules: [
        { subjects: [{ kind: 'Group', group: { name: 'a' } }], nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz'] }] },
      ],
    },
  }),
  MutatingAdmissionPolicy: (): beta.MutatingAdmissionPolicy => ({
    ...mutating,
    kind: 'MutatingAdmissionPolicy',
    metadata,
    spec: {
      matchConstraints: { resourceRules: rules() },
      mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{}' } }],
      reinvocationPolicy: 'Never',
    },
  }),
  MutatingAdmissionPolicyBinding: (): beta.MutatingAdmissionPolicyBinding => ({
    ...mutating,
    kind: 'MutatingAdmissionPolicyBinding',
    metadata,
    spec: { policyName: 'sample' },
  }),
  MutatingWebhookConfiguration: (): admission.MutatingWebhookConfiguration => ({
    ...admitting,
    kind: 'MutatingWebhookConfiguration',
    metadata,
    webhooks: webhooks(),
  }),
  PriorityLevelConfiguration: (): flow.PriorityLevelConfiguration => ({
    ...sharing,
    kind: 'PriorityLevelConfiguration',
    metadata,
    spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: {} } } },
  }),
  ValidatingAdmissionPolicy: (): admission.ValidatingAdmissionPolicy => ({
    ...admitting,
    kind: 'ValidatingAdmissionPolicy',
    metadata,
    spec: { matchConstraints: { resourceRules: rules() }, validations: [{ expression: 'true' }] },
  }),
  ValidatingAdmissionPolicyBinding: (): admission.ValidatingAdmissionPolicyBinding => ({
    ...admitting,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata,
    spec: { policyName: 'sample', validationActions: ['Deny'] },
  }),
  ValidatingWebhookConfiguration: (): admission.ValidatingWebhookConfiguration => ({
    ...admitting,
    kind: 'ValidatingWebhookConfiguration',
    metadata,
    webhooks: webhooks(),
  }),
};
