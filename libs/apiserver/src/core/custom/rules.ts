// `x-kubernetes-validations` of custom resources: compiled when an object is written for the first time, and evaluated with every write,
// each object within one budget, so that no rule holds up the server. As in Kubernetes, what has not changed may fail rules that came
// after it, with a warning; what is known to have passed them is not asked again.
import { additionalOf, type JSONSchemaProps, type RuleValidator, SchemaNode } from '@berth/api';
import { type FieldError, fieldMessage, isRecord } from '@berth/machinery';
import { Optional } from '@marcbachmann/cel-js';
import { Budget } from '../../cel/budget.ts';
import { type Expression, ExpressionEnvironment } from '../../cel/environment.ts';
import { ExpressionError } from '../../cel/expression-error.ts';
import { evaluationWords } from '../../cel/go-words.ts';
import { ruleValue } from './cel-values.ts';

type Schema = JSONSchemaProps;
type Rule = NonNullable<Schema['x-kubernetes-validations']>[number];

const environment = new ExpressionEnvironment({ self: 'dyn', oldSelf: 'dyn' });
/** Bytes of what a message expression makes. */
const messageLengthMax = 5 * 1024;

interface Compiled {
  rule: Rule;
  holds: Expression;
  message: Expression | undefined;
  /** Whether it compares with what was there before, without which it says nothing. */
  isTransition: boolean;
}

/** @throws ExpressionError for one that cannot be compiled */
export function compileCondition({ rule }: Rule): Expression {
  const holds = environment.compile(rule);
  if (holds.type !== 'bool' && holds.type !== 'dyn') throw new ExpressionError('cel expression must evaluate to a bool');
  return holds;
}

/** Undefined for a rule whose message is no expression. @throws ExpressionError for one that cannot be compiled */
export function compileMessage({ messageExpression }: Rule): Expression | undefined {
  if (!messageExpression) return undefined;
  const message = environment.compile(messageExpression);
  if (message.type !== 'string' && message.type !== 'dyn') throw new ExpressionError('messageExpression must evaluate to a string');
  return message;
}

/**
 * Undefined for a schema without rules. Those that cannot be compiled, which no new definition has, are left out.
 * @param mayStay whether what has not changed may fail rules
 */
export function compileRules(schema: Schema, mayStay = true): RuleValidator | undefined {
  const root = RuleNode.of(SchemaNode.of(schema));
  if (!root) return undefined;
  return (value, old, path, warnings = []) => {
    const evaluation = { errors: [], warnings, budget: new Budget(), mayStay };
    evaluate({ node: root, value, old, former: old, path }, evaluation);
    return evaluation.errors;
  };
}

/** A schema's rules, and where there are rules further down. */
class RuleNode {
  readonly schema: SchemaNode;
  readonly members = new Map<string, RuleNode>();
  readonly additional: RuleNode | undefined;
  readonly items: RuleNode | undefined;
  /** Schemas that the same value has to satisfy as well. */
  readonly all: RuleNode[];
  /** Whether any rule at or below it looks at what was there before. */
  readonly hasTransitions: boolean;
  /** Values that all rules at and below it are known to let through, but for transitions. */
  readonly passed = new WeakSet<object>();
  #rules: Compiled[] | undefined;
  #looksAt: Set<string> | undefined;

  /** Undefined where there are no rules, here and below. */
  static of(schema: SchemaNode): RuleNode | undefined {
    const node = new RuleNode(schema);
    const hasOwn = (schema.schema['x-kubernetes-validations'] ?? []).length > 0;
    return hasOwn || node.#below.length > 0 ? node : undefined;
  }

  private constructor(schema: SchemaNode) {
    this.schema = schema;
    for (const name of Object.keys(schema.schema.properties ?? {})) {
      const inner = schema.property(name);
      const node = inner && RuleNode.of(inner);
      if (node) this.members.set(name, node);
    }
    this.additional = typeof schema.additional === 'object' ? RuleNode.of(schema.additional) : undefined;
    this.items = schema.items && RuleNode.of(schema.items);
    this.all = (schema.schema.allOf ?? []).flatMap((one) => RuleNode.of(SchemaNode.of(one)) ?? []);
    const own = schema.schema['x-kubernetes-validations'] ?? [];
    this.hasTransitions = own.some(({ rule }) => /\boldSelf\b/.test(rule)) || this.#below.some((node) => node.hasTransitions);
  }

  get #below(): RuleNode[] {
    return [...this.members.values(), this.additional, this.items, ...this.all].filter((node) => node !== undefined);
  }

  get rules(): Compiled[] {
    this.#rules ??= (this.schema.schema['x-kubernetes-validations'] ?? []).flatMap((rule) => compiled(rule));
    return this.#rules;
  }

  /** Members that any of the rules looks at; undefined for all of them. */
  get looksAt(): Set<string> | undefined {
    if (this.#looksAt) return this.#looksAt;
    const names = new Set<string>();
    for (const expression of this.rules.flatMap(({ holds, message }) => (message ? [holds, message] : [holds]))) {
      for (const variable of ['self', 'oldSelf']) {
        const members = expression.members(variable);
        if (!members) return undefined;
        for (const name of members) names.add(name);
      }
    }
    this.#looksAt = names;
    return names;
  }
}

function compiled(rule: Rule): Compiled[] {
  try {
    const holds = compileCondition(rule);
    return [{ rule, holds, message: usableMessage(rule), isTransition: holds.uses('oldSelf') }];
  } catch (error) {
    if (error instanceof ExpressionError) return [];
    throw error;
  }
}

/** One that cannot be compiled leaves the message that is written down. */
function usableMessage(rule: Rule): Expression | undefined {
  try {
    return compileMessage(rule);
  } catch (error) {
    if (error instanceof ExpressionError) return undefined;
    throw error;
  }
}

interface Evaluation {
  errors: FieldError[];
  warnings: string[];
  budget: Budget;
  mayStay: boolean;
}

interface Place {
  node: RuleNode;
  value: unknown;
  /** Undefined where nothing corresponds to the value: a new member, or an item of a list without keys. */
  old: unknown;
  /** The same of the nearest value above, if of none here: whether that has changed decides. */
  former: unknown;
  /** What `former` was before, where that is another value than this. */
  around?: { schema: SchemaNode; value: unknown };
  path: string;
}

function evaluate(place: Place, evaluation: Evaluation): void {
  const { node, value, old } = place;
  if (value === undefined || value === null || evaluation.budget.isExhausted) return;
  const isKept = typeof value === 'object' && typeof old === 'object' && old !== null && node.passed.has(old);
  if (isKept && !node.hasTransitions && node.schema.isUnchanged(value, old)) {
    node.passed.add(value);
    return;
  }
  const before = evaluation.errors.length + evaluation.warnings.length;
  if (node.rules.length > 0) evaluateRules(place, evaluation);
  for (const also of node.all) evaluate({ ...place, node: also }, evaluation);
  if (Array.isArray(value)) evaluateItems(place, value, evaluation);
  else if (isRecord(value)) evaluateMembers(place, value, evaluation);
  if (typeof value === 'object' && evaluation.errors.length + evaluation.warnings.length === before) node.passed.add(value);
}

function evaluateItems(place: Place, value: unknown[], evaluation: Evaluation): void {
  const { node, old, path } = place;
  if (!node.items) return;
  const former = node.schema.formerItems(old);
  for (const [i, item] of value.entries())
    evaluate({ ...below(place), node: node.items, value: item, old: former?.(item), path: `${path}[${i}]` }, evaluation);
}

function evaluateMembers(place: Place, value: Record<string, unknown>, evaluation: Evaluation): void {
  const { node, old, path } = place;
  for (const name of Object.keys(value)) {
    const isNamed = node.schema.property(name) !== undefined;
    const next = isNamed ? node.members.get(name) : node.additional;
    if (!next) continue;
    const before = isRecord(old) && Object.hasOwn(old, name) ? old[name] : undefined;
    evaluate(
      { ...below(place), node: next, value: value[name], old: before, path: isNamed ? joined(path, name) : `${path}[${name}]` },
      evaluation,
    );
  }
}

/** What parts without a counterpart go by. */
function below({ node, value, old, former, around }: Place): Pick<Place, 'former' | 'around'> {
  return old === undefined ? { former, ...(around && { around }) } : { former: old, around: { schema: node.schema, value } };
}

const joined = (path: string, name: string) => (path === '' ? name : `${path}.${name}`);

function isUnchanged({ node, value, old, former, around }: Place): boolean {
  if (old !== undefined) return node.schema.isUnchanged(value, old);
  return around !== undefined && former !== undefined && around.schema.isUnchanged(around.value, former);
}

function evaluateRules(place: Place, evaluation: Evaluation): void {
  const { node, value, old, path } = place;
  const { errors, warnings, budget, mayStay } = evaluation;
  const only = node.looksAt;
  const self = ruleValue(node.schema, value, only);
  const oldSelf = old === undefined || old === null ? undefined : ruleValue(node.schema, old, only);
  const values = { self, ...(oldSelf !== undefined && { oldSelf }) };
  const { type } = node.schema.schema;
  for (const { rule, holds, message, isTransition } of node.rules) {
    if (isTransition && oldSelf === undefined && !rule.optionalOldSelf) continue;
    try {
      const given = rule.optionalOldSelf ? { self, oldSelf: oldSelf === undefined ? Optional.none() : Optional.of(oldSelf) } : values;
      if (holds.evaluate(given, budget) === true) continue;
      // With a message that is none, Kubernetes forgets the field as well.
      const named = rule.messageExpression && !message ? undefined : normalizedPath(rule.fieldPath, node.schema.schema);
      const field = named ? joined(path, named) : path;
      const error = failure(
        rule,
        field,
        type === 'object' || type === 'array' ? undefined : value,
        messageOf(rule, message, values, budget),
      );
      if (mayStay && !isTransition && isUnchanged(place)) warnings.push(`${error.field}: ${fieldMessage(error)}`);
      else errors.push(error);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      errors.push({ type: 'Invalid', field: path, value: type, detail: failureOf(rule, error, budget) });
      if (budget.isExhausted) return;
    }
  }
}

function messageOf(rule: Rule, message: Expression | undefined, values: Record<string, unknown>, budget: Budget): string {
  const stated = rule.message ? rule.message.trim() : `failed rule: ${rule.rule.trim()}`;
  if (!message) return stated;
  try {
    const made = message.evaluate(values, budget);
    const text = typeof made === 'string' ? made.trim() : '';
    return text === '' || /[\r\n]/.test(text) || Buffer.byteLength(text) > messageLengthMax ? stated : text;
  } catch (error) {
    // As in Kubernetes, a message that cannot be made leaves the one that is written down.
    if (error instanceof ExpressionError) return stated;
    throw error;
  }
}

function failureOf(rule: Rule, error: ExpressionError, budget: Budget): string {
  const words = evaluationWords(error);
  if (budget.isExhausted)
    return `'${words}': no further validation rules will be run due to call cost exceeds limit for rule: ${shown(rule)}`;
  if (!words.startsWith('no such overload')) return `${words} evaluating rule: ${shown(rule)}`;
  return `'${words}': call arguments did not match a supported operator, function or macro signature for rule: ${shown(rule)}`;
}

/** `.spec['a.b']` → `spec.a.b`, and a map's entries by their keys: `labels[a]`. Empty where it leads nowhere. */
function normalizedPath(path = '', schema: Schema): string {
  let at: Schema = schema;
  let made = '';
  for (const [, plain, quoted = ''] of path.matchAll(/\.([^.[\]']+)|\['((?:[^'\\]|\\.)*)'\]/g)) {
    const name = plain ?? quoted.replaceAll(/\\(.)/g, '$1');
    const named: Record<string, Schema> | undefined = at.properties;
    const inner: Schema | undefined = named ? named[name] : additionalOf(at);
    if (!inner) return '';
    made = named ? joined(made, name) : `${made}[${name}]`;
    at = inner;
  }
  return made;
}

/** @param value undefined where none is shown */
function failure({ reason }: Rule, field: string, value: unknown, detail: string): FieldError {
  if (reason === 'FieldValueForbidden') return { type: 'Forbidden', field, detail };
  if (reason === 'FieldValueRequired') return { type: 'Required', field, detail };
  const given = value === undefined ? { isValueOmitted: true as const } : { value };
  if (reason === 'FieldValueDuplicate') return { type: 'Duplicate', field, ...given, detail: '' };
  return { type: 'Invalid', field, ...given, detail };
}

function shown({ rule, message }: Rule): string {
  return (message || rule).trim();
}
