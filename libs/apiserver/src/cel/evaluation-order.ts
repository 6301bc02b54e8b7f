// In which order the parts of an expression are evaluated, which shows in whose error is told: from left to right, as in Kubernetes. The
// library begins at the end.
import type { TreeNode } from './syntax-tree.ts';

interface CallNode extends Omit<TreeNode, 'handle'> {
  receiverWithArgs?: unknown[];
  handle(values: unknown, ...context: unknown[]): unknown;
}

/** What the library evaluates nodes with. */
interface Evaluator {
  run(node: unknown, context: unknown): unknown;
  /** An error as its value. */
  tryEval(node: unknown, context: unknown): unknown;
}

/**
 * From now on what functions are given, and what lists hold, is evaluated from left to right, as in Kubernetes: the library begins at the
 * end, and so of two errors tells the other. After types were checked.
 */
export function evaluateInOrder(nodes: TreeNode[]): void {
  for (const node of nodes) {
    const { handle, receiverWithArgs } = node as unknown as Partial<CallNode>;
    const evaluated = (parts: unknown, evaluator: unknown, context: unknown) => {
      const values = (parts as unknown[]).map((part) => (evaluator as Evaluator).run(part, context));
      return values.some((value) => value instanceof Promise) ? Promise.all(values) : values;
    };
    if (node.op === 'rcall' && receiverWithArgs && handle) {
      node.setMeta('evaluate', (evaluator, self, context) =>
        call(self).handle(evaluated(receiverWithArgs, evaluator, context), evaluator, self),
      );
    } else if (node.op === 'call' && handle && Array.isArray(node.args)) {
      const [, parts] = node.args as [string, unknown[]];
      node.setMeta('evaluate', (evaluator, self, context) => call(self).handle(evaluated(parts, evaluator, context), self, evaluator));
    } else if (node.op === '||' || node.op === '&&') {
      decideInOrder(node, node.op === '||');
    } else if (node.op === 'list' && Array.isArray(node.args) && node.args.length > 0) {
      node.setMeta('evaluate', (evaluator, _self, context) => evaluated(node.args, evaluator, context));
    }
  }
}

const call = (node: TreeNode) => node as unknown as CallNode;

/** @param decisive the value of either side that is the value of both, whatever the other one is */
function decideInOrder(node: TreeNode, decisive: boolean): void {
  const { evaluate } = node.meta;
  if (!evaluate) return;
  node.setMeta('evaluate', (given, self, context) => {
    const evaluator = given as Evaluator;
    const { left, right } = self as unknown as { left: unknown; right: unknown };
    const first = evaluator.tryEval(left, context);
    if (first === decisive) return decisive;
    if (first instanceof Error) {
      if (evaluator.tryEval(right, context) === decisive) return decisive;
      throw first;
    }
    const second = evaluator.run(right, context);
    if (typeof first === 'boolean' && typeof second === 'boolean') return second;
    // The library says what is wrong with values that are no conditions.
    return evaluate.call(self, Object.create(evaluator, { tryEval: { value: () => first }, run: { value: () => second } }), self, context);
  });
}
