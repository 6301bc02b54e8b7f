// Webhooks and policies fail closed, match equivalent versions of a resource, and are about every object unless they select.
import type {
  MatchResources,
  MutatingWebhookConfiguration,
  RuleWithOperations,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from '../generated/admissionregistration-v1.types.ts';
import type { MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding } from '../generated/admissionregistration-v1beta1.types.ts';

const timeoutSeconds = 10;
const httpsPort = 443;

function defaultRules(rules: RuleWithOperations[] | undefined): void {
  for (const rule of rules ?? []) rule.scope ??= '*';
}

function defaultWebhooks(webhooks: ValidatingWebhookConfiguration['webhooks']): void {
  for (const hook of webhooks ?? []) {
    hook.failurePolicy ??= 'Fail';
    hook.matchPolicy ??= 'Equivalent';
    hook.namespaceSelector ??= {};
    hook.objectSelector ??= {};
    hook.timeoutSeconds ??= timeoutSeconds;
    if (hook.clientConfig?.service) hook.clientConfig.service.port ??= httpsPort;
    defaultRules(hook.rules);
  }
}

export function defaultValidatingWebhooks({ webhooks }: ValidatingWebhookConfiguration): void {
  defaultWebhooks(webhooks);
}

export function defaultMutatingWebhooks({ webhooks }: MutatingWebhookConfiguration): void {
  defaultWebhooks(webhooks);
  for (const hook of webhooks ?? []) hook.reinvocationPolicy ??= 'Never';
}

function defaultMatch(match: MatchResources | undefined): void {
  if (!match) return;
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  defaultRules(match.resourceRules);
  defaultRules(match.excludeResourceRules);
}

export function defaultPolicy({ spec }: ValidatingAdmissionPolicy | MutatingAdmissionPolicy): void {
  if (!spec) return;
  spec.failurePolicy ??= 'Fail';
  defaultMatch(spec.matchConstraints);
}

export function defaultPolicyBinding({ spec }: ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding): void {
  defaultMatch(spec?.matchResources);
}
