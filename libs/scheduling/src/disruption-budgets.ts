// Disruption budgets as preemption heeds them: it would rather keep to them, but a pod that has to run goes first.
import type { PodDisruptionBudget } from '@berth/api';
import { keyOf, labelSelectorFrom, type Selector } from '@berth/machinery';
import type { PodFacts } from './pod-facts.ts';

interface Budget {
  namespace: string;
  selector: Selector;
  /** How many more pods may go. */
  allowed: number;
  /** Names of pods that are counted as gone already. */
  disrupted: ReadonlySet<string>;
}

export class DisruptionBudgets {
  readonly #budgets = new Map<string, Budget>();

  set(budget: PodDisruptionBudget): void {
    const { metadata, spec, status } = budget;
    const { matchLabels = {}, matchExpressions = [] } = spec?.selector ?? {};
    // As in Kubernetes, an empty selector protects from evictions, but not from preemption.
    const isEmpty = Object.keys(matchLabels).length + matchExpressions.length === 0;
    if (isEmpty) this.#budgets.delete(keyOf(budget));
    else
      this.#budgets.set(keyOf(budget), {
        namespace: metadata.namespace ?? '',
        selector: labelSelectorFrom(spec?.selector),
        allowed: status?.disruptionsAllowed ?? 0,
        disrupted: new Set(Object.keys(status?.disruptedPods ?? {})),
      });
  }

  remove(key: string): void {
    this.#budgets.delete(key);
  }

  /** Which of the pods could not go, one after the other in their order, without violating a budget; the order is kept. */
  split(pods: PodFacts[]): { violating: PodFacts[]; others: PodFacts[] } {
    const left = new Map([...this.#budgets].map(([key, { allowed }]) => [key, allowed]));
    const violating: PodFacts[] = [];
    const others: PodFacts[] = [];
    for (const pod of pods) (this.#isViolatedBy(pod, left) ? violating : others).push(pod);
    return { violating, others };
  }

  #isViolatedBy({ pod, namespace, labels }: PodFacts, left: Map<string, number>): boolean {
    if (Object.keys(labels).length === 0) return false;
    let isViolated = false;
    for (const [key, budget] of this.#budgets) {
      if (budget.namespace !== namespace || !budget.selector.matches(labels) || budget.disrupted.has(pod.metadata.name)) continue;
      const after = (left.get(key) ?? 0) - 1;
      left.set(key, after);
      if (after < 0) isViolated = true;
    }
    return isViolated;
  }
}
