// `kubectl get` of webhook configurations, admission policies and their bindings.
import { type Column, selectorText } from '@berth/machinery';
import type {
  MutatingWebhookConfiguration,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from '../generated/admissionregistration-v1.types.ts';
import type { MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding } from '../generated/admissionregistration-v1beta1.types.ts';
import { ageColumn, count, nameColumn, text } from './column.ts';

const unset = '<unset>';
type Webhooks = ValidatingWebhookConfiguration | MutatingWebhookConfiguration;

export function webhookColumns<T extends Webhooks>(): Column<T>[] {
  return [nameColumn(), count('Webhooks', 'How many webhooks it has', ({ webhooks }) => webhooks?.length), ageColumn()];
}

export const validatingPolicyColumns: Column<ValidatingAdmissionPolicy>[] = [
  nameColumn(),
  count('Validations', 'How many rules it has', ({ spec }) => spec?.validations?.length),
  paramKindColumn(),
  ageColumn(),
];

export const mutatingPolicyColumns: Column<MutatingAdmissionPolicy>[] = [
  nameColumn(),
  count('Mutations', 'How many changes it makes', ({ spec }) => spec?.mutations?.length),
  paramKindColumn(),
  ageColumn(),
];

function paramKindColumn(): Column<ValidatingAdmissionPolicy | MutatingAdmissionPolicy> {
  return text('ParamKind', 'Kind of its parameters', ({ spec }) =>
    spec?.paramKind ? `${spec.paramKind.apiVersion ?? ''}/${spec.paramKind.kind ?? ''}` : unset,
  );
}

export const policyBindingColumns: Column<ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding>[] = [
  nameColumn(),
  text('PolicyName', 'Policy that it puts to work', ({ spec }) => spec?.policyName),
  text('ParamRef', 'Parameters that it gives the policy', ({ spec }) => parameters(spec?.paramRef)),
  ageColumn(),
];

function parameters(reference: ParamRef | undefined): string {
  if (!reference) return unset;
  const { name, namespace, selector } = reference;
  if (name) return namespace ? `${namespace}/${name}` : name;
  return selector ? selectorText(selector) : unset;
}
