// A pass of mutating policies over the object of one request, and the second one: which of them are asked again is known by what had been
// changed after them.

import type { MutatingAdmissionPolicyBinding } from '@berth/api';
import { type KubeObject, StatusError } from '@berth/machinery';
import type { MutationCheck } from '../../types.ts';
import type { DynamicRequest } from '../admission.ts';
import { OutOfBudget, RequestObjects, RequestValues, SharedBudget } from '../expressions/index.ts';
import type { Match } from '../matching/index.ts';
import type { CompiledMutatingPolicy, CompiledMutation } from './compiled-mutating-policy.ts';
import { MutationProblem } from './mutation-problem.ts';
import { applyMutation } from './mutations.ts';
import type { PolicyInForce } from './policies-in-force.ts';
import { errorTypeOf } from './policy-evaluation.ts';
import { PolicyExpressions, policyUnits } from './policy-expressions.ts';
import type { PolicyMatching, PolicyPorts } from './policy-matching.ts';

export type MutatingPolicyInForce = PolicyInForce<CompiledMutatingPolicy, MutatingAdmissionPolicyBinding>;

/** Why a policy fails a request. */
export interface PolicyProblem {
  policy: string;
  binding: string | undefined;
  message: string;
  /** Whether it is about what the policy or the binding says, and not about the object. */
  isConfiguration: boolean;
}

export interface MutationPassPorts extends Pick<PolicyPorts, 'clock' | 'authorizer'> {
  matching: PolicyMatching;
  /** @param key the same when the request is decided again */
  observed(check: MutationCheck, key: string): void;
}

/** A policy with a binding and parameters. */
interface Invocation {
  policy: CompiledMutatingPolicy;
  binding: string;
  match: Match;
  param: KubeObject | undefined;
  key: string;
}

export class MutationPass {
  readonly #ports: MutationPassPorts;
  readonly #policies: readonly MutatingPolicyInForce[];
  readonly #request: DynamicRequest;
  /** Those that want to see what came after them, before the last change. */
  #before = new Set<string>();
  readonly #again = new Set<string>();
  #objects: RequestObjects;
  #round: 0 | 1 = 0;
  /** Whether a mutation was made, even if the object is as it was. */
  isChanged = false;

  constructor(ports: MutationPassPorts, policies: readonly MutatingPolicyInForce[], request: DynamicRequest) {
    this.#ports = ports;
    this.#policies = policies;
    this.#request = request;
    this.#objects = new RequestObjects(request);
  }

  get mayBeRepeated(): boolean {
    return this.#before.size + this.#again.size > 0;
  }

  /** From now on, the policies so far are to be asked once more. */
  askAgain(): void {
    for (const key of this.#before) this.#again.add(key);
    this.#before = new Set();
  }

  /** @returns what went wrong with policies that fail a request then @throws StatusError for what is not theirs to say */
  async run(round: 0 | 1): Promise<PolicyProblem[]> {
    this.#round = round;
    this.#objects = new RequestObjects(this.#request);
    const { invocations, problems } = await this.#invocations();
    const namespaceObject = invocations.length > 0 ? await this.#ports.matching.namespaceObject(this.#request) : undefined;
    for (const invocation of invocations) problems.push(...(await this.#invoke(invocation, namespaceObject)));
    if (this.isChanged) this.askAgain();
    return problems;
  }

  async #invocations(): Promise<{ invocations: Invocation[]; problems: PolicyProblem[] }> {
    const invocations: Invocation[] = [];
    const problems: PolicyProblem[] = [];
    for (const inForce of this.#policies) {
      const { policy } = inForce;
      for (const found of await this.#ports.matching.bound(this.#request, inForce)) {
        if ('message' in found) {
          problems.push({ policy: policy.name, ...found, isConfiguration: true });
          continue;
        }
        const binding = found.binding.object.metadata.name;
        for (const param of found.params) {
          const key = JSON.stringify([policy.name, binding, param?.metadata.namespace, param?.metadata.name]);
          invocations.push({ policy, binding, match: found.match, param, key });
        }
      }
    }
    return { invocations, problems };
  }

  async #invoke(invocation: Invocation, namespaceObject: KubeObject | undefined): Promise<PolicyProblem[]> {
    const { policy, binding, key } = invocation;
    const failed = (message: string): PolicyProblem[] =>
      policy.failurePolicy === 'Ignore' ? [] : [{ policy: policy.name, binding, message, isConfiguration: false }];
    const conditions = await policy.conditions?.evaluate(await this.#values(invocation, namespaceObject));
    if (conditions?.error !== undefined) return failed(conditions.error);
    if (conditions && !conditions.matches) return [];
    if (this.#round === 1 && !this.#again.has(key)) return [];
    const problems: PolicyProblem[] = [];
    let isOther = false;
    for (const [index, mutation] of policy.mutations.entries()) {
      const outcome = await this.#mutate(invocation, mutation, index, namespaceObject);
      if (outcome instanceof MutationProblem) problems.push(...failed(outcome.message));
      else isOther ||= outcome;
    }
    if (isOther) this.askAgain();
    if (policy.isReinvoked) this.#before.add(key);
    return problems;
  }

  /** In the state that the object is in now. */
  async #values({ match, param }: Invocation, namespaceObject: KubeObject | undefined): Promise<RequestValues> {
    const objects = await this.#objects.in(match.resource);
    return new RequestValues({
      facts: this.#request,
      objects,
      match,
      authorizer: this.#ports.authorizer,
      params: param,
      namespaceObject,
    });
  }

  /** @returns whether the object is another one now, or why not */
  async #mutate(
    invocation: Invocation,
    mutation: CompiledMutation,
    index: number,
    namespaceObject: KubeObject | undefined,
  ): Promise<boolean | MutationProblem> {
    const { clock } = this.#ports;
    const { policy, binding, key } = invocation;
    const startMs = clock.monotonicMs();
    const observed = (message?: string) => {
      const errorType = errorTypeOf({ denies: message !== undefined, isError: message !== undefined, message: message ?? '' });
      const check = { policy: policy.name, binding, errorType, seconds: (clock.monotonicMs() - startMs) / 1000 };
      this.#ports.observed(check, JSON.stringify([key, index, this.#round, message]));
    };
    const shown = (await this.#objects.in(invocation.match.resource)).given;
    if (!shown) return false;
    try {
      const isOther = await this.#applied(invocation, mutation, shown, namespaceObject);
      observed();
      this.isChanged = true;
      if (isOther) this.#objects = new RequestObjects(this.#request);
      return isOther;
    } catch (error) {
      if (!(error instanceof MutationProblem || error instanceof StatusError)) throw error;
      observed(error.message);
      if (error instanceof StatusError) throw error;
      return error;
    }
  }

  /** Each mutation may take as much as a policy may. */
  async #applied(
    invocation: Invocation,
    mutation: CompiledMutation,
    shown: KubeObject,
    namespaceObject: KubeObject | undefined,
  ): Promise<boolean> {
    const { policy, match } = invocation;
    const expressions = new PolicyExpressions(policy, await this.#values(invocation, namespaceObject));
    const budget = new SharedBudget(policyUnits);
    const outcome = evaluated(() => expressions.evaluate(mutation.expression, budget));
    if ('error' in outcome) throw new MutationProblem(outcome.error);
    const isOther = await applyMutation(mutation, { request: this.#request, match, shown }, outcome.value);
    await budget.pause();
    return isOther;
  }
}

function evaluated<T>(evaluate: () => T): T {
  try {
    return evaluate();
  } catch (error) {
    throw error instanceof OutOfBudget ? new MutationProblem(error.message) : error;
  }
}
