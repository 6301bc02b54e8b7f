// Which bindings of a policy a request is the concern of, and with which parameters. Where that cannot be said, the policy's failure policy
// says what becomes of the request.
import { type KindDefinition, type KubeObject, StatusError } from '@berth/machinery';
import type { Clock } from '@berth/telemetry';
import type { Authorizer } from '../../authorizer.ts';
import type { KindsByName } from '../../kinds-by-name.ts';
import type { WatchCache } from '../../watch-cache.ts';
import type { DynamicRequest } from '../admission.ts';
import { isNamespace, namespaceOf } from '../expressions/index.ts';
import type { Match, MatchPorts } from '../matching/index.ts';
import type { Binding, BindingObject, PolicyInForce } from './policies-in-force.ts';
import type { PolicyBasis } from './policy-basis.ts';
import { ConfigurationError, PolicyParams } from './policy-params.ts';

export interface PolicyPorts {
  cache: WatchCache;
  kinds: KindsByName;
  clock: Clock;
  authorizer: Authorizer;
  /** As new as what was written before the request. */
  namespace(name: string): Promise<KubeObject | undefined>;
}

/** What is wrong with a configuration, of a policy that fails the request then. */
export interface ConfigurationProblem {
  binding: string | undefined;
  message: string;
}

export interface Bound<B extends BindingObject> {
  match: Match;
  binding: Binding<B>;
  /** One evaluation for each. */
  params: (KubeObject | undefined)[];
}

export class PolicyMatching {
  readonly #ports: PolicyPorts;
  readonly #params: PolicyParams;
  readonly #matching: MatchPorts;

  constructor(ports: PolicyPorts) {
    this.#ports = ports;
    this.#params = new PolicyParams(ports.cache, ports.kinds);
    this.#matching = { kinds: () => ports.kinds.all, namespace: (name) => ports.namespace(name) };
  }

  /** In the order of bindings; none for what is not the policy's concern. */
  async bound<B extends BindingObject>(
    request: DynamicRequest,
    { policy, bindings }: PolicyInForce<PolicyBasis, B>,
  ): Promise<(Bound<B> | ConfigurationProblem)[]> {
    const attempt = await configured(policy, undefined, () => policy.criteria.match(request, this.#matching));
    if ('problems' in attempt) return attempt.problems;
    const match = attempt.value;
    if (!match) return [];
    const kind = await configured(policy, undefined, () => policy.paramKind && this.#params.kindOf(policy.paramKind));
    if ('problems' in kind) return kind.problems;
    const found: (Bound<B> | ConfigurationProblem)[] = [];
    for (const binding of bindings) {
      const params = await configured(policy, binding, () => this.#paramsOf(request, binding, kind.value));
      if ('problems' in params) found.push(...params.problems);
      else if (params.value.length > 0) found.push({ match, binding, params: params.value });
    }
    return found;
  }

  async #paramsOf(request: DynamicRequest, binding: Binding, kind: KindDefinition | undefined): Promise<(KubeObject | undefined)[]> {
    if (binding.criteria && !(await binding.criteria.match(request, this.#matching))) return [];
    return this.#params.find(kind, binding.object.spec.paramRef, namespaceOf(request));
  }

  /** That of the object; undefined for what is of the cluster, a namespace too. */
  async namespaceObject(request: DynamicRequest): Promise<KubeObject | undefined> {
    const namespace = namespaceOf(request);
    return namespace !== '' && !isNamespace(request.kind) ? this.#ports.namespace(namespace) : undefined;
  }
}

/** Whether policies have no say: nobody is to lock themselves out of what would let them in again, or break the cluster. */
export function isExempt({ kind: { group, verbs } }: DynamicRequest): boolean {
  const isReview = (group === 'authentication.k8s.io' || group === 'authorization.k8s.io') && verbs?.join() === 'create';
  return group === 'admissionregistration.k8s.io' || isReview;
}

/** What is wrong with the configuration refuses the request, or leaves the policy out, as its failure policy says. */
export async function configured<T>(
  { failurePolicy }: PolicyBasis,
  binding: Binding | undefined,
  work: () => T | Promise<T>,
): Promise<{ value: T } | { problems: ConfigurationProblem[] }> {
  try {
    return { value: await work() };
  } catch (error) {
    if (!(error instanceof ConfigurationError || error instanceof StatusError)) throw error;
    if (failurePolicy === 'Ignore') return { problems: [] };
    const message = `failed to configure ${binding ? 'binding' : 'policy'}: ${error.message}`;
    return { problems: [{ binding: binding?.object.metadata.name, message }] };
  }
}
