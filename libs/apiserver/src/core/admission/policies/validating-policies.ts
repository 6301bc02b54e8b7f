// ValidatingAdmissionPolicy: what policies that bindings put into force say of a request refuses it, warns of it, or goes into the audit
// log. Where no policy is in force, a request pays nothing.
import { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from '@berth/api';
import { StatusError } from '@berth/machinery';
import { erased } from '../../kinds-by-name.ts';
import type { PolicyCheck } from '../../types.ts';
import type { DynamicRequest, DynamicValidation } from '../admission.ts';
import { requestedKind } from '../expressions/index.ts';
import { RequestObjects, RequestValues } from '../matching/index.ts';
import { AnnotationCollector, failureAnnotation } from './audit-annotations.ts';
import { CompiledPolicy } from './compiled-policy.ts';
import { CountedOnce } from './counted-once.ts';
import { PoliciesInForce, type PolicyInForce } from './policies-in-force.ts';
import { type Annotation, type Decision, errorTypeOf, PolicyEvaluation } from './policy-evaluation.ts';
import { type Bound, type ConfigurationProblem, configured, isExempt, PolicyMatching, type PolicyPorts } from './policy-matching.ts';

export interface ValidatingPoliciesOptions extends PolicyPorts {
  checked(check: PolicyCheck): void;
}

type InForce = PolicyInForce<CompiledPolicy, ValidatingAdmissionPolicyBinding>;

/** Why a request is refused. */
interface Denial {
  policy: string;
  binding?: string;
  message: string;
  reason?: string;
}

const codes: Record<string, number> = { Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413 };

export class ValidatingPolicies implements DynamicValidation {
  readonly name = 'ValidatingAdmissionPolicy';
  readonly #options: ValidatingPoliciesOptions;
  readonly #inForce: PoliciesInForce<CompiledPolicy, ValidatingAdmissionPolicyBinding>;
  readonly #matching: PolicyMatching;
  readonly #counted = new CountedOnce();

  constructor(options: ValidatingPoliciesOptions) {
    this.#options = options;
    this.#matching = new PolicyMatching(options);
    this.#inForce = new PoliciesInForce(options.cache, {
      policy: erased(ValidatingAdmissionPolicy),
      binding: erased(ValidatingAdmissionPolicyBinding),
      compile: (policy) => new CompiledPolicy(policy as ValidatingAdmissionPolicy),
    });
  }

  get isIdle(): boolean {
    return this.#inForce.current().length === 0;
  }

  async validate(request: DynamicRequest): Promise<void> {
    if (isExempt(request)) return;
    const policies = this.#inForce.current();
    if (policies.length > 0) await this.#judge(request, policies);
  }

  async #judge(request: DynamicRequest, policies: readonly InForce[]): Promise<void> {
    const denials: Denial[] = [];
    const objects = new RequestObjects(request);
    for (const inForce of policies) denials.push(...(await this.#ask(request, objects, inForce)));
    const [first] = denials;
    if (first) throw refusal(request, first);
  }

  async #ask(request: DynamicRequest, objects: RequestObjects, inForce: InForce): Promise<Denial[]> {
    const { policy } = inForce;
    const collector = new AnnotationCollector();
    const denials: Denial[] = [];
    for (const found of await this.#matching.bound(request, inForce)) {
      if ('message' in found) denials.push(deniedBy(policy, found));
      else denials.push(...(await this.#bound({ request, objects, policy, collector, ...found })));
    }
    collector.publish(policy.name, request.audit);
    return denials;
  }

  async #bound(asked: Asked): Promise<Denial[]> {
    const { request, objects, match, policy, binding, params } = asked;
    const { authorizer, clock } = this.#options;
    const shown = await configured(policy, binding, () => objects.in(match.resource));
    if ('problems' in shown) return shown.problems.map((problem) => deniedBy(policy, problem));
    const namespaceObject = await this.#matching.namespaceObject(request);
    const denials: Denial[] = [];
    for (const param of params) {
      const values = new RequestValues({ facts: request, objects: shown.value, match, authorizer, params: param, namespaceObject });
      const { decisions, annotations } = await new PolicyEvaluation(policy, values, clock).run();
      for (const [index, decision] of decisions.entries()) denials.push(...this.#decided(asked, decision, index));
      for (const annotation of annotations) denials.push(...this.#annotated(asked, annotation));
    }
    return denials;
  }

  #decided(asked: Asked, decision: Decision, index: number): Denial[] {
    const { request, policy, binding } = asked;
    const { message, reason } = decision;
    if (!decision.denies) {
      if (decision.isError) this.#count(asked, decision, 'allow');
      return [];
    }
    const name = nameOf(binding);
    const actions = binding.object.spec.validationActions ?? [];
    if (actions.includes('Warn')) {
      request.warnings.push(`Validation failed for ValidatingAdmissionPolicy '${policy.name}' with binding '${name}': ${message}`);
      this.#count(asked, decision, 'warn');
    }
    if (actions.includes('Audit')) {
      request.audit?.annotate(...failureAnnotation(binding.object, index, message));
      this.#count(asked, decision, 'audit');
    }
    if (!actions.includes('Deny')) return [];
    this.#count(asked, decision, 'deny');
    return [{ policy: policy.name, binding: name, message, reason }];
  }

  #annotated(asked: Asked, { key, value, error, seconds }: Annotation): Denial[] {
    const { policy, binding, collector } = asked;
    if (value !== undefined) collector.add(key, value);
    if (error === undefined) return [];
    this.#count(asked, { denies: true, isError: true, message: error, reason: '', seconds }, 'deny');
    return [{ policy: policy.name, binding: nameOf(binding), message: error }];
  }

  #count({ request, policy, binding }: Asked, decision: Decision, action: PolicyCheck['action']): void {
    const { seconds, message } = decision;
    const check = { policy: policy.name, binding: nameOf(binding), errorType: errorTypeOf(decision), action };
    if (this.#counted.isFirst(request, JSON.stringify([check, message]))) this.#options.checked({ ...check, seconds });
  }
}

interface Asked extends Bound<ValidatingAdmissionPolicyBinding> {
  request: DynamicRequest;
  objects: RequestObjects;
  policy: CompiledPolicy;
  collector: AnnotationCollector;
}

function nameOf({ object }: { object: ValidatingAdmissionPolicyBinding }): string {
  return object.metadata.name;
}

function deniedBy({ name }: CompiledPolicy, { binding, message }: ConfigurationProblem): Denial {
  return { policy: name, ...(binding !== undefined && { binding }), message };
}

function refusal(request: DynamicRequest, { policy, binding, message, reason = 'Invalid' }: Denial): StatusError {
  const through = binding === undefined ? '' : ` with binding '${binding}'`;
  const text = `ValidatingAdmissionPolicy '${policy}'${through} denied request: ${message}`;
  const { status } = StatusError.forbidden(requestedKind(request), request.name, text);
  const why = reason || 'Invalid';
  return StatusError.from({ ...status, reason: why, code: codes[why] ?? 422, details: { ...status.details, causes: [{ message: text }] } });
}
