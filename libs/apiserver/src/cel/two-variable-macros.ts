// Macros over a list's items with their positions, and over a map's values with their keys (cel-go's comprehensions of two variables,
// which Kubernetes has since 1.32), and those over one variable that the library lacks.
import type { OverlayContext, TypeDeclaration } from '@marcbachmann/cel-js';
import { ExpressionError } from './expression-error.ts';
import { entriesOf } from './values.ts';

/** What a macro is handed: parts of the tree. */
interface Call {
  args: unknown[];
  receiver: unknown;
}

interface Checker {
  check(node: unknown, context: OverlayContext): TypeDeclaration;
  getType(name: string): TypeDeclaration;
}

interface Evaluator {
  run(node: unknown, context: OverlayContext): unknown;
}

/** What becomes of the steps: one for each item, or entry. */
interface Fold {
  /** @param steps evaluate the body for one item after the other */
  result(steps: Iterable<Step>): unknown;
  isOf: 'bool' | 'list' | 'map';
  /** What the body evaluates to; anything where it is absent. */
  takes?: 'bool' | 'map';
}

interface Step {
  key: unknown;
  item: unknown;
  /** @throws whatever evaluating does */
  value(): unknown;
}

const noOverload = () => new ExpressionError('no such overload');

/** Of many, any that is this decides, whatever errors others are. */
function decidedBy(decisive: boolean): Fold['result'] {
  return (steps) => {
    const errors: unknown[] = [];
    for (const step of steps) {
      try {
        const value = step.value();
        if (value === decisive) return decisive;
        if (value !== !decisive) errors.push(noOverload());
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
    return !decisive;
  };
}

function exactlyOne(steps: Iterable<Step>): boolean {
  let count = 0;
  for (const step of steps) {
    const value = step.value();
    if (typeof value !== 'boolean') throw noOverload();
    if (value) count++;
  }
  return count === 1;
}

function transformedEntries(steps: Iterable<Step>): Map<unknown, unknown> {
  const made = new Map<unknown, unknown>();
  for (const step of steps) {
    const entries = entriesOf(step.value());
    if (!entries) throw noOverload();
    for (const [key, value] of entries) {
      if (made.has(key)) throw new ExpressionError(`insert failed: key ${String(key)} already exists`);
      made.set(key, value);
    }
  }
  return made;
}

/** Keys of which none is before another: positions, or strings. */
function sorted(steps: Iterable<Step>): unknown[] {
  const all = Array.from(steps, (step) => ({ item: step.item, key: step.value() }));
  return sortedBy(all, ({ key }) => key).map(({ item }) => item);
}

/** @throws ExpressionError for keys that cannot be compared with each other */
export function sortedBy<T>(all: T[], keyOf: (one: T) => unknown): T[] {
  const rank = (value: unknown): bigint | number | string | boolean => {
    if (value instanceof Date) return value.getTime();
    if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
    if (typeof value === 'object' && value !== null && 'seconds' in value && 'nanos' in value)
      return BigInt(value.seconds as bigint) * 1_000_000_000n + BigInt(value.nanos as number);
    if (['bigint', 'number', 'string', 'boolean'].includes(typeof value)) return value as string;
    throw new ExpressionError('list elements must be comparable');
  };
  const ranked = all.map((one) => ({ one, rank: rank(keyOf(one)) }));
  if (new Set(ranked.map((one) => typeof one.rank)).size > 1) throw new ExpressionError('list elements must have the same type');
  return ranked.sort((a, b) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : 0)).map(({ one }) => one);
}

const all: Fold = { result: decidedBy(false), isOf: 'bool', takes: 'bool' };
const exists: Fold = { result: decidedBy(true), isOf: 'bool', takes: 'bool' };
const existsOne: Fold = { result: exactlyOne, isOf: 'bool', takes: 'bool' };
const transformList: Fold = { result: (steps) => Array.from(steps, (step) => step.value()), isOf: 'list' };
const transformMap: Fold = { result: (steps) => new Map(Array.from(steps, (step) => [step.key, step.value()])), isOf: 'map' };
const transformMapEntry: Fold = { result: transformedEntries, isOf: 'map', takes: 'map' };
const sortBy: Fold = { result: sorted, isOf: 'list' };

interface Macro {
  receiver: unknown;
  filter: unknown;
  body: unknown;
  types: TypeDeclaration[];
}

function macro(name: string, count: 1 | 2, fold: Fold) {
  return ({ args, receiver }: Call) => {
    const variables = args.slice(0, count).map((node) => nameOf(name, node));
    if (new Set(variables).size < count) throw new ExpressionError(`duplicate variable name: ${variables[0]}`);
    const inner = (context: OverlayContext, types: TypeDeclaration[]) =>
      variables.map((variable, i) => ({ variable, type: types[i] as TypeDeclaration, context }));
    return {
      receiver,
      filter: args.length > count + 1 ? args[count] : undefined,
      body: args.at(-1),
      types: [] as TypeDeclaration[],
      typeCheck(checker: Checker, self: Macro, context: OverlayContext): TypeDeclaration {
        self.types = typesOf(checker, checker.check(self.receiver, context), count);
        let within = context;
        for (const { variable, type } of inner(context, self.types)) within = within.forkWithVariable(variable, type);
        if (self.filter) requireType(checker.check(self.filter, within), 'bool', name);
        const body = checker.check(self.body, within);
        if (fold.takes) requireType(body, fold.takes, name);
        return checker.getType(fold.isOf);
      },
      evaluate(evaluator: Evaluator, self: Macro, context: OverlayContext): unknown {
        return fold.result(stepsOf(evaluator, self, context, variables));
      },
    };
  };
}

function* stepsOf(
  evaluator: Evaluator,
  { receiver, filter, body, types }: Macro,
  context: OverlayContext,
  variables: string[],
): Generator<Step> {
  for (const [key, item] of pairsOf(evaluator.run(receiver, context))) {
    // With one variable, it is an item of a list or a key of a map.
    const values = variables.length === 2 ? [key, item.value] : [item.isEntry ? key : item.value];
    let within = context;
    for (const [i, variable] of variables.entries())
      within = within.forkWithVariable(variable, types[i] as TypeDeclaration).setIterValue(values[i], evaluator);
    if (filter) {
      const isWanted = evaluator.run(filter, within);
      if (typeof isWanted !== 'boolean') throw noOverload();
      if (!isWanted) continue;
    }
    yield { key, item: values.at(-1), value: () => evaluator.run(body, within) };
  }
}

function pairsOf(range: unknown): [unknown, { value: unknown; isEntry: boolean }][] {
  if (Array.isArray(range)) return range.map((value, i) => [BigInt(i), { value, isEntry: false }]);
  const entries = entriesOf(range);
  if (!entries) throw noOverload();
  return entries.map(([key, value]) => [key, { value, isEntry: true }]);
}

function typesOf(checker: Checker, range: TypeDeclaration, count: 1 | 2): TypeDeclaration[] {
  const dyn = checker.getType('dyn');
  const { kind, name, keyType, valueType } = range as TypeDeclaration & { kind: string; name: string; keyType?: TypeDeclaration };
  if (kind === 'list') return count === 2 ? [checker.getType('int'), valueType ?? dyn] : [valueType ?? dyn];
  if (kind === 'map') return [keyType ?? dyn, valueType ?? dyn].slice(0, count);
  if (kind === 'dyn') return [dyn, dyn].slice(0, count);
  throw new ExpressionError(`expression of type '${name}' cannot be range of a comprehension (must be list, map, or dynamic)`);
}

function requireType({ kind, name }: TypeDeclaration, wanted: string, macroName: string): void {
  if (kind !== 'dyn' && name !== wanted && kind !== wanted)
    throw new ExpressionError(`found no matching overload for '${macroName}' applied to '${name}': expected type '${wanted}'`);
}

function nameOf(macroName: string, node: unknown): string {
  const { op, args } = node as { op: string; args: unknown };
  if (op !== 'id') throw new ExpressionError(`${macroName}() takes the names of its variables first: argument must be a simple name`);
  return String(args);
}

const filtered = (name: string, type: string, fold: Fold) =>
  ['ast, ast, ast', 'ast, ast, ast, ast'].map((args) => [`list.${name}(${args}): ${type}`, macro(name, 2, fold)] as const);

export const twoVariableMacros = [
  ['list.all(ast, ast, ast): bool', macro('all', 2, all)],
  ['list.exists(ast, ast, ast): bool', macro('exists', 2, exists)],
  ['list.exists_one(ast, ast, ast): bool', macro('exists_one', 2, existsOne)],
  ['list.existsOne(ast, ast, ast): bool', macro('existsOne', 2, existsOne)],
  ['list.existsOne(ast, ast): bool', macro('existsOne', 1, existsOne)],
  ['list.sortBy(ast, ast): list<dyn>', macro('sortBy', 1, sortBy)],
  ...filtered('transformList', 'list<dyn>', transformList),
  ...filtered('transformMap', 'map<dyn, dyn>', transformMap),
  ...filtered('transformMapEntry', 'map<dyn, dyn>', transformMapEntry),
] as const;
