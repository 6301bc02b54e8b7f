// What we need of the library's syntax trees and its types do not tell: to walk them with everything that macros made, and to
// count what evaluating costs. It holds for the one version that package.json names; a tree that looks otherwise is refused,
// and a test shows that the count ends what takes too long.
import { type Meter, unitsOf } from './budget.ts';
import { ExpressionError } from './expression-error.ts';
import { standIn } from './functions.ts';
import { combinedLists } from './list-semantics.ts';
import { compilePattern } from './regular-expressions.ts';
import { parseDuration } from './time-functions.ts';

/** What comes out of them went in: a branch's value, or the list that a macro is making, which grows with each of its steps. */
const passing = ['?:', 'accuPush', 'accuValue', 'accuInc'];

/** Looking up the rules of a place takes the runtime some tenths of a millisecond. */
const timeZoneUnits = 2_000;

type Evaluate = (evaluator: unknown, node: TreeNode, context: unknown) => unknown;

export interface TreeNode {
  readonly op: string;
  readonly args: unknown;
  readonly pos?: number;
  readonly meta: { evaluate?: Evaluate; alternate?: unknown; macro?: unknown };
  /** What an operator does with its operands, once they are known. */
  handle?: (left: unknown, right: unknown, node: unknown, evaluator: unknown) => unknown;
  readonly checkedType?: { readonly name: string; readonly hasDynType: boolean; readonly hasPlaceholderType: boolean };
  setMeta(key: 'evaluate', value: Evaluate): unknown;
}

export function isNode(value: unknown): value is TreeNode {
  return typeof value === 'object' && value !== null && 'setMeta' in value && 'op' in value;
}

/** Every node once, with those that macros stand for. @throws ExpressionError for what is no tree of the version that we know */
export function nodesOf(tree: unknown): TreeNode[] {
  const nodes: TreeNode[] = [];
  const seen = new Set<unknown>();
  const waiting: unknown[] = [tree];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (seen.has(value)) continue;
    seen.add(value);
    if (isNode(value)) {
      if (typeof value.meta?.evaluate !== 'function') throw new ExpressionError('the expression’s tree is of an unknown form');
      nodes.push(value);
      waiting.push(value.args, value.meta.alternate, value.meta.macro);
    } else if (Array.isArray(value)) waiting.push(...value);
    else if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
      waiting.push(...Object.values(value));
    }
  }
  if (nodes.length === 0) throw new ExpressionError('the expression’s tree is of an unknown form');
  return nodes;
}

/** @throws ExpressionError for `cel.bind` */
export function refuseBindings(nodes: TreeNode[]): void {
  for (const { op, args } of nodes) {
    if (op !== 'rcall' || !Array.isArray(args) || args[0] !== 'bind') continue;
    const of: unknown = args[1];
    if (!isNode(of) || of.op !== 'id' || of.args !== 'cel') continue;
    throw new ExpressionError('Unknown variable: cel', { isSyntax: false, position: of.pos });
  }
}

/** Leads calls of the library's functions that differ from CEL's to ours; before types are checked. */
export function replaceCalls(nodes: TreeNode[]): void {
  for (const { op, args } of nodes) {
    if ((op === 'rcall' || op === 'call') && Array.isArray(args)) args[0] = standIn(String(args[0]));
  }
}

/** @throws ExpressionError for a regular expression, a duration or a time, written out, that is none */
export function checkConstants(nodes: TreeNode[]): void {
  for (const { op, args } of nodes) {
    if ((op !== 'rcall' && op !== 'call') || !Array.isArray(args)) continue;
    const given = (op === 'rcall' ? args[2] : args[1]) as unknown[];
    const name = String(args[0]);
    // The text itself is first in `matches(text, pattern)`.
    const constant = op === 'call' && name === standIn('matches') ? given[1] : given[0];
    if (!isNode(constant) || constant.op !== 'value') continue;
    const text = String(constant.args);
    if (op === 'rcall' && ['find', 'findAll'].map(standIn).includes(name)) compilePattern(text);
    if (name === standIn('matches')) checkConstant('matches', constant, () => compilePattern(text));
    if (op === 'call' && name === standIn('duration')) checkConstant('duration', constant, () => parseDuration(text));
    if (op === 'call' && name === 'timestamp') checkConstant('timestamp', constant, () => requireTime(constant.args));
  }
}

function checkConstant(name: string, { pos }: TreeNode, read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw new ExpressionError(`invalid ${name} argument: ${error.message}`, { isSyntax: false, position: pos });
  }
}

const secondsMin = -62_135_596_800n;
const secondsMax = 253_402_300_799n;

/** In the years 1 to 9999. */
function requireTime(given: unknown): void {
  const isTime =
    typeof given === 'bigint'
      ? given >= secondsMin && given <= secondsMax
      : /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(String(given)) && !Number.isNaN(Date.parse(String(given)));
  if (!isTime) throw new ExpressionError(`${JSON.stringify(String(given).slice(0, 100))} is no time, such as 2026-01-02T03:04:05Z`);
}

/** What is looked at of a variable: for each place, the fields down to it by `variable.field` or `variable.?field`. */
export function pathsFrom(nodes: TreeNode[], variable: string): string[][] {
  return nodes.map((node) => pathOf(node, variable)).filter((path) => path !== undefined);
}

/** Undefined for what does not begin with the variable. */
function pathOf(node: unknown, variable: string): string[] | undefined {
  const path: string[] = [];
  let at = node;
  while (isNode(at) && (at.op === '.' || at.op === '.?') && Array.isArray(at.args)) {
    const [of, name] = at.args as [unknown, unknown];
    path.unshift(String(name));
    at = of;
  }
  return isNode(at) && at.op === 'id' && at.args === variable ? path : undefined;
}

/** Lists that are sets, or have keys, are compared and joined as such; after types were checked, which chooses what operators do. */
export function respectListSemantics(nodes: TreeNode[]): void {
  for (const node of nodes) {
    const { op, handle } = node;
    if (!handle || !['==', '!=', '+'].includes(op)) continue;
    node.handle = (left, right, self, evaluator) => combinedLists(op, left, right) ?? handle(left, right, self, evaluator);
  }
}

/**
 * Members of a variable that an expression looks at, by `variable.member` or `has(variable.member)`; undefined where it looks at the
 * variable as a whole.
 */
export function membersOf(nodes: TreeNode[], variable: string): Set<string> | undefined {
  const isVariable = (value: unknown) => isNode(value) && value.op === 'id' && value.args === variable;
  const members = new Set<string>();
  const selected = new Set<unknown>();
  for (const { op, args } of nodes) {
    if ((op !== '.' && op !== '.?') || !Array.isArray(args) || !isVariable(args[0])) continue;
    members.add(String(args[1]));
    selected.add(args[0]);
  }
  return nodes.some((node) => isVariable(node) && !selected.has(node)) ? undefined : members;
}

type HasMacro = { args: unknown[]; typeCheck(checker: Checker, self: unknown, context: unknown): unknown; evaluate: Evaluate };

interface Checker {
  check(node: unknown, context: unknown): unknown;
  getType(name: string): unknown;
}

interface Fields {
  debugType(value: unknown): { fieldLazy(value: unknown, name: unknown, node: unknown, evaluator: unknown): unknown };
  run(node: unknown, context: unknown): unknown;
}

/**
 * `has(a["b"].c)` asks for a field of whatever there is before it; the library knows it of fields of variables alone, and looks into
 * none of their types. Before types are checked.
 */
export function widenPresenceTests(nodes: TreeNode[]): void {
  for (const { op, args, meta } of nodes) {
    if (op !== 'call' || !Array.isArray(args) || args[0] !== 'has' || !meta.macro) continue;
    const macro = meta.macro as HasMacro;
    const [selected] = macro.args;
    if (!isNode(selected) || selected.op !== '.' || hasOptionalStep(selected)) continue;
    const [of, name] = selected.args as [unknown, unknown];
    macro.typeCheck = (checker, _self, context) => {
      checker.check(selected, context);
      return checker.getType('bool');
    };
    macro.evaluate = (evaluator, _self, context) => {
      const fields = evaluator as Fields;
      const value = fields.run(of, context);
      return fields.debugType(value).fieldLazy(value, name, selected, evaluator) !== undefined;
    };
  }
}

function hasOptionalStep(node: TreeNode): boolean {
  let at: unknown = node;
  while (isNode(at) && Array.isArray(at.args) && ['.', '.?', '[]', '[?]'].includes(at.op)) {
    if (at.op === '.?' || at.op === '[?]') return true;
    at = at.args[0];
  }
  return false;
}

/** From now on evaluating a node is counted; after types were checked, which chooses how nodes are evaluated. */
export function countCosts(nodes: TreeNode[], meter: Meter): void {
  for (const node of nodes) {
    const { evaluate } = node.meta;
    if (!evaluate) continue;
    const isPaidFor = passing.includes(node.op);
    const units = readsTimeZone(node) ? timeZoneUnits : 1;
    node.setMeta('evaluate', (evaluator, self, context) => {
      meter.spend(units);
      const value = evaluate.call(self, evaluator, self, context);
      if (!isPaidFor) meter.spend(unitsOf(value));
      return value;
    });
  }
}

/** As `getHours("Europe/Berlin")`. */
function readsTimeZone({ op, args }: TreeNode): boolean {
  return op === 'rcall' && Array.isArray(args) && /^get[A-Z]/.test(args[0]) && (args[2] as unknown[]).length > 0;
}
