// MutatingAdmissionPolicy: policies that bindings put into force change an object one after the other, and those that want to see what
// came after them do so once more. Only where the kinds are served: nothing of it is there otherwise.
import { MutatingAdmissionPolicyBinding as bindingKind, MutatingAdmissionPolicy, type MutatingAdmissionPolicyBinding } from '@berth/api';
import { deepClone, deepEqual, StatusError } from '@berth/machinery';
import { erased } from '../../kinds-by-name.ts';
import type { MutationCheck } from '../../types.ts';
import type { DynamicMutation, DynamicRequest, Mutation } from '../admission.ts';
import { requestedKind } from '../expressions/index.ts';
import { CompiledMutatingPolicy } from './compiled-mutating-policy.ts';
import { CountedOnce } from './counted-once.ts';
import { MutationPass, type PolicyProblem } from './mutation-pass.ts';
import { PoliciesInForce } from './policies-in-force.ts';
import { isExempt, PolicyMatching, type PolicyPorts } from './policy-matching.ts';

export interface MutatingPoliciesOptions extends PolicyPorts {
  mutated(check: MutationCheck): void;
}

export class MutatingPolicies implements DynamicMutation {
  readonly name = 'MutatingAdmissionPolicy';
  readonly #options: MutatingPoliciesOptions;
  readonly #matching: PolicyMatching;
  readonly #inForce: PoliciesInForce<CompiledMutatingPolicy, MutatingAdmissionPolicyBinding>;
  readonly #counted = new CountedOnce();

  constructor(options: MutatingPoliciesOptions) {
    this.#options = options;
    this.#matching = new PolicyMatching(options);
    this.#inForce = new PoliciesInForce(options.cache, {
      policy: erased(MutatingAdmissionPolicy),
      binding: erased(bindingKind),
      compile: (policy) => new CompiledMutatingPolicy(policy as MutatingAdmissionPolicy),
    });
  }

  get isIdle(): boolean {
    return this.#inForce.current().length === 0;
  }

  async mutate(request: DynamicRequest): Promise<Mutation> {
    const policies = this.#inForce.current();
    // Of what is deleted there is nothing to change.
    if (policies.length === 0 || isExempt(request) || request.operation === 'DELETE') return unchanged;
    const { mutated } = this.#options;
    const observed = (check: MutationCheck, key: string) => {
      if (this.#counted.isFirst(request, key)) mutated(check);
    };
    const pass = new MutationPass({ ...this.#options, matching: this.#matching, observed }, policies, request);
    refuse(request, await pass.run(0));
    if (!pass.mayBeRepeated) return { isChanged: pass.isChanged, again: async () => {} };
    const last = deepClone(request.object);
    return {
      isChanged: pass.isChanged,
      again: async () => {
        if (!deepEqual(last, request.object)) pass.askAgain();
        refuse(request, await pass.run(1));
      },
    };
  }
}

const unchanged: Mutation = { isChanged: false, again: async () => {} };

/** @throws StatusError for the first of what went wrong, with all of it as its causes */
function refuse(request: DynamicRequest, problems: readonly PolicyProblem[]): void {
  const [first] = problems;
  if (!first) return;
  const texts = problems.map(({ policy, binding, message }) =>
    binding === undefined
      ? `policy "${policy}" denied request: ${message}`
      : `policy '${policy}' with binding '${binding}' denied request: ${message}`,
  );
  const { status } = StatusError.forbidden(requestedKind(request), request.name, '');
  const causes = texts.map((message) => ({ message }));
  const reason = first.isConfiguration ? 'Forbidden' : 'Invalid';
  throw StatusError.from({ ...status, message: texts[0] ?? '', reason, details: { ...status.details, causes } });
}
