// Of which type an expression is, and that its parts have the types that they must have.
import { aggregations, functionTypes } from './function-types.ts';
import type { Aggregation, Binary, Call, Expression, ValueType } from './syntax.ts';

/** Where and why an expression cannot be evaluated. */
export type Complain = (position: number, message: string) => Error;

export const comparisons: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);
export const setOperators: ReadonlySet<string> = new Set(['and', 'or', 'unless']);

const typeNames: Record<ValueType, string> = {
  scalar: 'scalar',
  string: 'string',
  vector: 'instant vector',
  matrix: 'range vector',
};

export function typeOf(expression: Expression): ValueType {
  switch (expression.kind) {
    case 'number':
      return 'scalar';
    case 'string':
      return 'string';
    case 'selector':
    case 'aggregation':
      return 'vector';
    case 'range':
    case 'subquery':
      return 'matrix';
    case 'negation':
      return typeOf(expression.expression);
    case 'call':
      return functionTypes.get(expression.name)?.result ?? 'vector';
    case 'binary':
      return typeOf(expression.left) === 'scalar' && typeOf(expression.right) === 'scalar' ? 'scalar' : 'vector';
  }
}

export function requireType(expression: Expression, expected: ValueType, where: string, complain: Complain): void {
  const actual = typeOf(expression);
  if (actual === expected) return;
  throw complain(expression.position, `expected type ${typeNames[expected]} in ${where}, got ${typeNames[actual]}`);
}

export function checkCall({ name, args, position }: Call, complain: Complain): void {
  const type = functionTypes.get(name);
  if (!type) throw complain(position, `unknown function with name "${name}"`);
  const { args: expected, optional = 0 } = type;
  const least = expected.length - Math.min(optional, 1);
  const isRepeated = optional === Number.POSITIVE_INFINITY;
  if (args.length < least || (!isRepeated && args.length > expected.length)) {
    const wanted = optional === 0 ? `${least}` : `at least ${least}`;
    throw complain(position, `expected ${wanted} argument(s) in call to "${name}", got ${args.length}`);
  }
  for (const [index, arg] of args.entries()) {
    const wanted = expected[index] ?? expected.at(-1);
    if (wanted) requireType(arg, wanted, `call to function "${name}"`, complain);
  }
}

export function checkAggregation({ operator, parameter, expression, position }: Aggregation, complain: Complain): void {
  const wanted = aggregations.get(operator);
  if (wanted && !parameter) throw complain(position, `wrong number of arguments for aggregate expression provided, expected 2, got 1`);
  if (wanted && parameter) requireType(parameter, wanted, 'aggregation parameter', complain);
  requireType(expression, 'vector', 'aggregation expression', complain);
}

export function checkBinary({ operator, bool, matching, left, right, position }: Binary, complain: Complain): void {
  for (const side of [left, right]) {
    const type = typeOf(side);
    if (type === 'scalar' || type === 'vector') continue;
    throw complain(side.position, `binary expression must contain only scalar and instant vector types, got ${typeNames[type]}`);
  }
  const hasScalar = typeOf(left) === 'scalar' || typeOf(right) === 'scalar';
  const isBothScalar = typeOf(left) === 'scalar' && typeOf(right) === 'scalar';
  if (bool && !comparisons.has(operator)) throw complain(position, 'bool modifier can only be used on comparison operators');
  if (isBothScalar && comparisons.has(operator) && !bool) throw complain(position, 'comparisons between scalars must use BOOL modifier');
  if (hasScalar && setOperators.has(operator))
    throw complain(position, `set operator "${operator}" not allowed in binary scalar expression`);
  if (hasScalar && (matching.on || matching.labels.length > 0))
    throw complain(position, 'vector matching only allowed between instant vectors');
  if (matching.many && setOperators.has(operator)) throw complain(position, `no grouping allowed for "${operator}" operation`);
  const both = matching.on ? matching.labels.find((label) => matching.include.includes(label)) : undefined;
  if (both !== undefined) throw complain(position, `label "${both}" must not occur in ON and GROUP clause at once`);
}
