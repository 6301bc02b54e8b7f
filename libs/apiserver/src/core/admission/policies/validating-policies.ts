// ValidatingAdmissionPolicy: what policies that bindings put into force say of a request refuses it, warns of it, or goes into the audit
// log. Where no policy is in force, a request pays nothing.
import type { ValidatingAdmissionPolicyBinding } from '@berth/api';
import { type KindDefinition, type KubeObject, StatusError } from '@berth/machinery';
import type { Clock } from '@berth/telemetry';
import type { Authorizer } from '../../authorizer.ts';
import type { KindsByName } from '../../kinds-by-name.ts';
import type { PolicyCheck } from '../../types.ts';
import type { WatchCache } from '../../watch-cache.ts';
import type { DynamicRequest, DynamicValidation } from '../admission.ts';
import { isNamespace, namespaceOf, requestedKind } from '../expressions/index.ts';
import { type Match, type MatchPorts, RequestObjects, RequestValues } from '../matching/index.ts';
import { AnnotationCollector, failureAnnotation } from './audit-annotations.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { type Binding, PoliciesInForce, type PolicyInForce } from './policies-in-force.ts';
import { type Annotation, type Decision, errorTypeOf, PolicyEvaluation } from './policy-evaluation.ts';
import { ConfigurationError, PolicyParams } from './policy-params.ts';

export interface ValidatingPoliciesOptions {
  cache: WatchCache;
  kinds: KindsByName;
  clock: Clock;
  authorizer: Authorizer;
  /** As new as what was written before the request. */
  namespace(name: string): Promise<KubeObject | undefined>;
  checked(check: PolicyCheck): void;
}

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
  readonly #inForce: PoliciesInForce;
  readonly #params: PolicyParams;
  readonly #ports: MatchPorts;
  /** What has been counted of a request, by what all attempts to decide it share. */
  readonly #counted = new WeakMap<object, Set<string>>();

  constructor(options: ValidatingPoliciesOptions) {
    this.#options = options;
    this.#inForce = new PoliciesInForce(options.cache);
    this.#params = new PolicyParams(options.cache, options.kinds);
    this.#ports = { kinds: () => options.kinds.all, namespace: (name) => options.namespace(name) };
  }

  get isIdle(): boolean {
    return this.#inForce.current().length === 0;
  }

  async validate(request: DynamicRequest): Promise<void> {
    // Nobody is to lock themselves out of what would let them in again.
    if (request.kind.group === 'admissionregistration.k8s.io' || isReview(request.kind)) return;
    const policies = this.#inForce.current();
    if (policies.length > 0) await this.#judge(request, policies);
  }

  async #judge(request: DynamicRequest, policies: readonly PolicyInForce[]): Promise<void> {
    const denials: Denial[] = [];
    const objects = new RequestObjects(request);
    for (const inForce of policies) denials.push(...(await this.#ask(request, objects, inForce)));
    const [first] = denials;
    if (first) throw refusal(request, first);
  }

  async #ask(request: DynamicRequest, objects: RequestObjects, { policy, bindings }: PolicyInForce): Promise<Denial[]> {
    const attempt = await configured(policy, undefined, () => policy.criteria.match(request, this.#ports));
    if ('denials' in attempt) return attempt.denials;
    const match = attempt.value;
    if (!match) return [];
    const kind = await configured(policy, undefined, () => policy.paramKind && this.#params.kindOf(policy.paramKind));
    if ('denials' in kind) return kind.denials;
    const collector = new AnnotationCollector();
    const denials: Denial[] = [];
    for (const binding of bindings) {
      const found = await configured(policy, binding, async () => {
        if (binding.criteria && !(await binding.criteria.match(request, this.#ports))) return [];
        return this.#params.find(kind.value, binding.object.spec.paramRef, namespaceOf(request));
      });
      if ('denials' in found) denials.push(...found.denials);
      else denials.push(...(await this.#bound({ request, objects, match, policy, binding, collector }, found.value)));
    }
    collector.publish(policy.name, request.audit);
    return denials;
  }

  /** @param params one evaluation for each */
  async #bound(asked: Asked, params: (KubeObject | undefined)[]): Promise<Denial[]> {
    const { request, objects, match, policy } = asked;
    const { authorizer, clock } = this.#options;
    if (params.length === 0) return [];
    const shown = await configured(policy, asked.binding, () => objects.in(match.resource));
    if ('denials' in shown) return shown.denials;
    const namespace = namespaceOf(request);
    const isOfNamespace = namespace !== '' && !isNamespace(request.kind);
    const namespaceObject = isOfNamespace ? await this.#options.namespace(namespace) : undefined;
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

  /** Once for a request, which may be decided several times, on newer and newer states. */
  #count({ request, policy, binding }: Asked, decision: Decision, action: PolicyCheck['action']): void {
    const { seconds, message } = decision;
    const check = { policy: policy.name, binding: nameOf(binding), errorType: errorTypeOf(decision), action };
    const key = JSON.stringify([check, message]);
    const attempts = request.known ?? request;
    const counted = this.#counted.get(attempts) ?? new Set<string>();
    if (counted.has(key)) return;
    this.#counted.set(attempts, counted.add(key));
    this.#options.checked({ ...check, seconds });
  }
}

/** Whose refusal may break the cluster: of these, as in Kubernetes, no policy has a say. */
function isReview({ group, verbs }: KindDefinition): boolean {
  return (group === 'authentication.k8s.io' || group === 'authorization.k8s.io') && verbs?.join() === 'create';
}

interface Asked {
  request: DynamicRequest;
  objects: RequestObjects;
  match: Match;
  policy: CompiledPolicy;
  binding: Binding;
  collector: AnnotationCollector;
}

function nameOf({ object }: { object: ValidatingAdmissionPolicyBinding }): string {
  return object.metadata.name;
}

/** What is wrong with the configuration refuses the request, or leaves the policy out, as its failure policy says. */
async function configured<T>(
  { name, failurePolicy }: CompiledPolicy,
  binding: Binding | undefined,
  work: () => T | Promise<T>,
): Promise<{ value: T } | { denials: Denial[] }> {
  try {
    return { value: await work() };
  } catch (error) {
    if (!(error instanceof ConfigurationError || error instanceof StatusError)) throw error;
    if (failurePolicy === 'Ignore') return { denials: [] };
    const message = `failed to configure ${binding ? 'binding' : 'policy'}: ${error.message}`;
    return { denials: [{ policy: name, ...(binding && { binding: nameOf(binding) }), message }] };
  }
}

function refusal(request: DynamicRequest, { policy, binding, message, reason = 'Invalid' }: Denial): StatusError {
  const through = binding === undefined ? '' : ` with binding '${binding}'`;
  const text = `ValidatingAdmissionPolicy '${policy}'${through} denied request: ${message}`;
  const { status } = StatusError.forbidden(requestedKind(request), request.name, text);
  const why = reason || 'Invalid';
  return StatusError.from({ ...status, reason: why, code: codes[why] ?? 422, details: { ...status.details, causes: [{ message: text }] } });
}
