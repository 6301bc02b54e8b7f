// optMap and optFlatMap, which cel-go has on optional values and the library does not: an expression over what an optional
// value holds, evaluated only if it holds something.
import { Optional, type OverlayContext, type TypeDeclaration } from '@marcbachmann/cel-js';
import { ExpressionError } from './expression-error.ts';

/** What a macro is handed: parts of the tree. */
interface Call {
  args: [{ op: string; args: unknown }, unknown];
  receiver: unknown;
}

interface Checker {
  check(node: unknown, context: OverlayContext): TypeDeclaration;
  getType(name: string): TypeDeclaration;
}

interface Evaluator {
  run(node: unknown, context: OverlayContext): unknown;
}

interface Macro {
  receiver: unknown;
  body: unknown;
  /** Of what the optional value holds. */
  heldType: TypeDeclaration | undefined;
}

function macro(name: string, wrap: (value: unknown) => unknown) {
  return ({ args: [variable, body], receiver }: Call) => {
    if (variable.op !== 'id') throw new ExpressionError(`${name}(variable, expression) takes the name of a variable first`);
    const bound = String(variable.args);
    return {
      receiver,
      body,
      heldType: undefined,
      typeCheck(checker: Checker, self: Macro, context: OverlayContext): TypeDeclaration {
        const { kind, valueType } = checker.check(self.receiver, context);
        if (kind !== 'optional' && kind !== 'dyn') throw new ExpressionError(`${name}() is of optional values`);
        self.heldType = valueType ?? checker.getType('dyn');
        checker.check(self.body, context.forkWithVariable(bound, self.heldType));
        return checker.getType('optional');
      },
      evaluate(evaluator: Evaluator, self: Macro, context: OverlayContext): unknown {
        const held = evaluator.run(self.receiver, context);
        if (!(held instanceof Optional) || !self.heldType) throw new ExpressionError(`${name}() is of optional values`);
        if (!held.hasValue()) return held;
        const inner = context.forkWithVariable(bound, self.heldType).setIterValue(held.value(), evaluator);
        return wrap(evaluator.run(self.body, inner));
      },
    };
  };
}

function onlyOptional(value: unknown): Optional {
  if (value instanceof Optional) return value;
  throw new ExpressionError('optFlatMap() takes an expression whose value is optional');
}

export const optionalMacros = [
  ['optional.optMap(ast, ast): optional<dyn>', macro('optMap', (value) => Optional.of(value))],
  ['optional.optFlatMap(ast, ast): optional<dyn>', macro('optFlatMap', onlyOptional)],
] as const;
