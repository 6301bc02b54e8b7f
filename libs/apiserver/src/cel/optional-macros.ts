// What cel-go has of optional values and the library does not: optMap and optFlatMap, expressions over what an optional value holds that
// are evaluated only if it holds something, optional values of what is not zero, and whether two are equal.
import { Optional, type OverlayContext, type TypeDeclaration } from '@marcbachmann/cel-js';
import { Duration } from '@marcbachmann/cel-js/evaluator';
import { ExpressionError } from './expression-error.ts';
import type { CelFunction } from './functions.ts';
import { isSame } from './list-functions.ts';
import { entriesOf } from './values.ts';

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

export const optionalFunctions: CelFunction[] = [
  [
    'OptionalNamespace.ofNonZeroValue(A): optional<A>',
    (_optional: unknown, value: unknown) => Optional.of(isZero(value) ? undefined : value),
  ],
];

export const optionalEquality: [signature: string, handler: (left: unknown, right: unknown) => boolean] = [
  'optional<V> == optional<V>',
  isSame,
];

const firstTimeMs = Date.parse('0001-01-01T00:00:00Z');

function isZero(value: unknown): boolean {
  if (value instanceof Date) return value.getTime() === firstTimeMs;
  if (value instanceof Duration) return value.valueOf() === 0;
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0;
  if (value instanceof Optional) return !value.hasValue();
  const isNumber = typeof value === 'number' || typeof value === 'bigint';
  // An unsigned number is an object of the library's.
  return isNumber || typeof value !== 'object' ? !value : value === null || entriesOf(value)?.length === 0 || value.valueOf() === 0n;
}
