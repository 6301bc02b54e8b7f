// Metrics of who may do what: service accounts, roles and bindings, certificate requests; and of what is asked about writes.
import {
  CertificateSigningRequest,
  ClusterRole,
  ClusterRoleBinding,
  MutatingWebhookConfiguration,
  Role,
  RoleBinding,
  ServiceAccount,
  ValidatingWebhookConfiguration,
} from '@berth/api';
import type { KindDefinition, KubeObject } from '@berth/machinery';
import { gauge, info, type KindFamilies, lifeTimes, named, resourceVersion, value } from '../family.ts';

export const serviceAccounts: KindFamilies<ServiceAccount> = {
  kind: ServiceAccount,
  identity: ({ metadata: { namespace, name, uid } }) => ({ namespace, serviceaccount: name, uid }),
  families: [
    info('kube_serviceaccount_info', 'A service account.', ({ automountServiceAccountToken }) => ({
      automount_token: String(automountServiceAccountToken ?? true),
    })),
    gauge('kube_serviceaccount_secret', 'Secrets that a service account names.', ({ secrets }) =>
      (secrets ?? []).map(({ name }) => ({ labels: { name }, value: 1 })),
    ),
    gauge('kube_serviceaccount_image_pull_secret', 'Secrets for pulling images.', ({ imagePullSecrets }) =>
      (imagePullSecrets ?? []).map(({ name }) => ({ labels: { name }, value: 1 })),
    ),
    ...lifeTimes<ServiceAccount>('kube_serviceaccount'),
  ],
};

function described<T extends KubeObject>(kind: KindDefinition<T>): KindFamilies<T> {
  const prefix = `kube_${kind.singular}`;
  return {
    kind,
    identity: kind.namespaced ? named(kind.singular) : ({ metadata }) => ({ [kind.singular]: metadata.name }),
    families: [info(`${prefix}_info`, `One for each ${kind.kind}.`, () => ({})), resourceVersion<T>(prefix), ...lifeTimes<T>(prefix)],
  };
}

function binding<T extends KubeObject & { roleRef: { kind: string; name: string } }>(kind: KindDefinition<T>): KindFamilies<T> {
  const plain = described(kind);
  const role = info<T>(`kube_${kind.singular}_info`, 'The role that is bound.', ({ roleRef }) => ({
    roleref_kind: roleRef.kind,
    roleref_name: roleRef.name,
  }));
  return { ...plain, families: [role, ...plain.families.filter(({ name }) => name !== role.name)] };
}

export const roles = described(Role);
export const clusterRoles = described(ClusterRole);
export const roleBindings = binding(RoleBinding);
export const clusterRoleBindings = binding(ClusterRoleBinding);
export const mutatingWebhooks = described(MutatingWebhookConfiguration);
export const validatingWebhooks = described(ValidatingWebhookConfiguration);

export const certificateRequests: KindFamilies<CertificateSigningRequest> = {
  kind: CertificateSigningRequest,
  identity: ({ metadata, spec }) => ({ certificatesigningrequest: metadata.name, signer_name: spec.signerName }),
  families: [
    gauge('kube_certificatesigningrequest_condition', 'What became of a request.', ({ status }) =>
      (['Approved', 'Denied', 'Failed'] as const).map((type) => ({
        labels: { condition: type.toLowerCase() },
        value: Number(status?.conditions?.some((condition) => condition.type === type) ?? false),
      })),
    ),
    value('kube_certificatesigningrequest_cert_length', 'Length of the certificate, in bytes.', ({ status }) =>
      status?.certificate ? Buffer.from(status.certificate, 'base64').length : 0,
    ),
    ...lifeTimes<CertificateSigningRequest>('kube_certificatesigningrequest'),
  ],
};
