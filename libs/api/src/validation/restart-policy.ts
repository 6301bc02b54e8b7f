// What a container says about its own restarts: a policy in place of the pod's, and rules that look at the exit code before the
// policy does. A sidecar restarts always, so it has no rules.
import type { Container, ContainerRestartRule, PodSpec } from '../generated/core-v1.types.ts';
import { each, type FieldError, forbidden, notSupported, required, tooLong } from './errors.ts';

const policies = ['Always', 'Never', 'OnFailure'];
const actions = ['Restart'];
const operators = ['In', 'NotIn'];
const rulesMax = 20;
const valuesMax = 255;

/** Of containers, and of init containers that are no sidecars. */
export function containerRestartPolicy(container: Container, field: string): FieldError[] {
  const { restartPolicy, restartPolicyRules = [] } = container;
  const errors: FieldError[] = [];
  if (restartPolicy === undefined) {
    if (restartPolicyRules.length === 0) return [];
    errors.push(withoutPolicy(field));
  } else if (!policies.includes(restartPolicy)) {
    errors.push(notSupported(`${field}.restartPolicy`, restartPolicy, policies));
  }
  const path = `${field}.restartPolicyRules`;
  if (restartPolicyRules.length > rulesMax) errors.push(tooLong(path, rulesMax)); // Kubernetes, too, calls the items bytes.
  return [...errors, ...each(restartPolicyRules, path, restartRule)];
}

function withoutPolicy(field: string): FieldError {
  return required(`${field}.restartPolicy`, 'must specify restartPolicy when restart rules are used');
}

function restartRule({ action = '', exitCodes }: ContainerRestartRule, field: string): FieldError[] {
  const errors = actions.includes(action) ? [] : [notSupported(`${field}.action`, action, actions)];
  const path = `${field}.exitCodes`;
  if (!exitCodes) return [...errors, required(path, 'must be specified')];
  const { operator = '', values = [] } = exitCodes;
  if (!operators.includes(operator)) errors.push(notSupported(`${path}.operator`, operator, operators));
  if (values.length > valuesMax) errors.push(tooLong(`${path}.values`, valuesMax));
  return errors;
}

export function initContainerRestartPolicy(container: Container, field: string): FieldError[] {
  const { restartPolicy, restartPolicyRules = [] } = container;
  // Rules without a policy are looked at no further.
  if (restartPolicy === undefined) return restartPolicyRules.length > 0 ? [withoutPolicy(field)] : [];
  if (restartPolicy !== 'Always') return containerRestartPolicy(container, field);
  if (restartPolicyRules.length === 0) return [];
  return [forbidden(`${field}.restartPolicyRules`, 'restartPolicyRules are not allowed for init containers with restart policy Always')];
}

/** Whether a container that ended with this code is started again: the first rule that matches decides, then the policies. */
export function containerShouldRestart(container: Container, spec: PodSpec, exitCode: number): boolean {
  const { restartPolicy, restartPolicyRules = [] } = container;
  if (restartPolicy !== undefined && restartPolicyRules.some((rule) => rule.action === 'Restart' && matches(rule, exitCode))) return true;
  const policy = restartPolicy ?? spec.restartPolicy;
  return policy === 'OnFailure' ? exitCode !== 0 : policy !== 'Never';
}

function matches({ exitCodes }: ContainerRestartRule, exitCode: number): boolean {
  if (!exitCodes) return false;
  const isListed = exitCodes.values?.includes(exitCode) ?? false;
  return exitCodes.operator === 'In' ? isListed : exitCodes.operator === 'NotIn' && !isListed;
}
