// What to do where something is refused before it is there: by whom, and how that is changed.
import { kubectl, type Step } from './why.ts';

/** @param reason of `refusalReason` @param message of whoever refuses */
export function refusalStep(reason: string, message: string, namespace: string | undefined): Step {
  if (reason === 'Quota') return quotaStep(message, namespace);
  if (reason === 'PodSecurity')
    return {
      text: 'change the pod template as it says, or the level of the namespace',
      command: `kubectl get namespace ${namespace} -o yaml`,
    };
  if (reason === 'Webhook') {
    const command = 'kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations';
    const isDown = /failed calling webhook/.test(message);
    return {
      text: isDown ? 'start the webhook, or take its configuration away' : 'change what the webhook refuses, or mend the webhook',
      command,
    };
  }
  if (reason === 'Policy') {
    const command = 'kubectl get validatingadmissionpolicies,validatingadmissionpolicybindings';
    return { text: 'change what the policy refuses, or the policy', command };
  }
  if (reason === 'LimitRange')
    return { text: 'ask for what it allows, or change the limit range', command: kubectl(namespace, 'describe', 'limitrange') };
  const [, name] = /serviceaccount "([^"]+)" not found/.exec(message) ?? [];
  if (name) {
    const fix = { type: 'Create' as const, kind: 'ServiceAccount' as const, namespace, name };
    return { text: 'make it', command: kubectl(namespace, 'create', 'serviceaccount', name), fix };
  }
  return { text: 'change the pod template as it says' };
}

/** Of several resources that are short, the first. */
function quotaStep(message: string, namespace: string | undefined): Step {
  const step = { text: 'raise the quota, or ask for less', command: kubectl(namespace, 'describe', 'resourcequota') };
  const [, name, requested, , used, , limited] =
    /exceeded quota: (\S+), requested: (([^=,\s]+=[^,\s]+,?)+), used: (([^=,\s]+=[^,\s]+,?)+), limited: (\S+)/.exec(message) ?? [];
  const first = (text: string | undefined) => text?.split(',')[0]?.split('=') ?? [];
  const [resource, lacks] = first(requested);
  const hard = first(limited)[1];
  if (!name || !resource || !lacks || !hard || first(used)[0] !== resource) return step;
  return { ...step, fix: { type: 'RaiseQuota', namespace, name, resource, hard, lacks } };
}
