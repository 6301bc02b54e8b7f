// `x-kubernetes-validations` of custom resources: compiled with their definition, and evaluated with every write, each object within
// one budget, so that no rule holds up the server.
import { additionalOf, itemsOf, type JSONSchemaProps, propertyOf, type RuleValidator } from '@berth/api';
import { deepEqual, type FieldError, isRecord } from '@berth/machinery';
import { Optional } from '@marcbachmann/cel-js';
import { Budget } from '../../cel/budget.ts';
import { type Expression, ExpressionEnvironment } from '../../cel/environment.ts';
import { ExpressionError } from '../../cel/expression-error.ts';
import { ruleValue } from './cel-values.ts';

type Schema = JSONSchemaProps;
type Rule = NonNullable<Schema['x-kubernetes-validations']>[number];

const environment = new ExpressionEnvironment({ self: 'dyn', oldSelf: 'dyn' });

interface Compiled {
  rule: Rule;
  holds: Expression;
  message: Expression | undefined;
  /** Whether it compares with what was there before, without which it says nothing. */
  isTransition: boolean;
}

/** A schema's rules, and where there are rules further down. */
interface Node {
  schema: Schema;
  rules: Compiled[];
  members: Map<string, Node>;
  additional: Node | undefined;
  items: Node | undefined;
}

/** @throws ExpressionError for a rule that cannot be compiled */
export function compileRule(rule: Rule): Compiled {
  const holds = environment.compile(rule.rule);
  if (holds.type !== 'bool' && holds.type !== 'dyn') throw new ExpressionError('must evaluate to a bool');
  const message = rule.messageExpression ? environment.compile(rule.messageExpression) : undefined;
  return { rule, holds, message, isTransition: holds.uses('oldSelf') };
}

/** Undefined for a schema without rules. Those that cannot be compiled, which no new definition has, are left out. */
export function compileRules(schema: Schema): RuleValidator | undefined {
  const root = nodeOf(schema);
  if (!root) return undefined;
  return (value, old, path) => {
    const errors: FieldError[] = [];
    const budget = new Budget();
    evaluate(root, value, old, path, { errors, budget });
    return errors;
  };
}

function nodeOf(schema: Schema): Node | undefined {
  const [others, items] = [additionalOf(schema), itemsOf(schema)];
  const members = new Map<string, Node>();
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    const node = nodeOf(inner);
    if (node) members.set(name, node);
  }
  const rules = (schema['x-kubernetes-validations'] ?? []).flatMap((rule) => compiled(rule));
  const additional = others && nodeOf(others);
  const itemNode = items && nodeOf(items);
  const isEmpty = members.size === 0 && rules.length === 0 && !additional && !itemNode;
  return isEmpty ? undefined : { schema, rules, members, additional, items: itemNode };
}

function compiled(rule: Rule): Compiled[] {
  try {
    return [compileRule(rule)];
  } catch (error) {
    if (error instanceof ExpressionError) return [];
    throw error;
  }
}

interface Evaluation {
  errors: FieldError[];
  budget: Budget;
}

/** @param old undefined where nothing corresponds to the value: a new member, or an item of a list without keys */
function evaluate(node: Node, value: unknown, old: unknown, path: string, evaluation: Evaluation): void {
  if (value === undefined || value === null) return;
  // What has not changed was let through before, and need not be looked at again.
  if (node.rules.length > 0 && !(old !== undefined && deepEqual(value, old))) evaluateRules(node, value, old, path, evaluation);
  if (Array.isArray(value)) {
    if (!node.items) return;
    for (const [i, item] of value.entries()) evaluate(node.items, item, counterpart(node.schema, item, old), `${path}[${i}]`, evaluation);
  } else if (isRecord(value)) {
    for (const [name, inner] of Object.entries(value)) {
      const isNamed = propertyOf(node.schema, name) !== undefined;
      const next = isNamed ? node.members.get(name) : node.additional;
      const before = isRecord(old) && Object.hasOwn(old, name) ? old[name] : undefined;
      const place = isNamed ? (path === '' ? name : `${path}.${name}`) : `${path}[${name}]`;
      if (next) evaluate(next, inner, before, place, evaluation);
    }
  }
}

/** The item of a list with keys that had the same keys before. */
function counterpart(schema: Schema, item: unknown, old: unknown): unknown {
  const keys = schema['x-kubernetes-list-map-keys'];
  if (schema['x-kubernetes-list-type'] !== 'map' || !keys || !Array.isArray(old) || !isRecord(item)) return undefined;
  return old.find((one) => isRecord(one) && keys.every((key) => deepEqual(one[key], item[key])));
}

function evaluateRules(node: Node, value: unknown, old: unknown, path: string, evaluation: Evaluation): void {
  const self = ruleValue(node.schema, value);
  const oldSelf = old === undefined ? undefined : ruleValue(node.schema, old);
  for (const { rule, holds, message, isTransition } of node.rules) {
    if (isTransition && oldSelf === undefined && !rule.optionalOldSelf) continue;
    const before = rule.optionalOldSelf ? Optional.of(oldSelf) : oldSelf;
    const values = { self, ...(before !== undefined && { oldSelf: before }) };
    const field = rule.fieldPath ? `${path}${rule.fieldPath}` : path;
    try {
      if (holds.evaluate(values, evaluation.budget) === true) continue;
      evaluation.errors.push(failure(rule, field, node.schema, messageOf(rule, message, values, evaluation.budget)));
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      const detail = evaluation.budget.isExhausted
        ? `'${error.message}': no further validation rules will be run due to call cost exceeds limit for rule: ${shown(rule)}`
        : `${error.message} evaluating rule: ${shown(rule)}`;
      evaluation.errors.push({ type: 'Invalid', field: path, value: node.schema.type, detail });
      if (evaluation.budget.isExhausted) return;
    }
  }
}

function messageOf(rule: Rule, message: Expression | undefined, values: Record<string, unknown>, budget: Budget): string {
  const stated = rule.message?.trim() || `failed rule: ${rule.rule.trim()}`;
  if (!message) return stated;
  try {
    const made = message.evaluate(values, budget);
    return typeof made === 'string' && made.trim() !== '' && !made.includes('\n') ? made.trim() : stated;
  } catch (error) {
    // As in Kubernetes, a message that cannot be made leaves the one that is written down.
    if (error instanceof ExpressionError) return stated;
    throw error;
  }
}

function failure({ reason }: Rule, field: string, { type }: Schema, detail: string): FieldError {
  if (reason === 'FieldValueForbidden') return { type: 'Forbidden', field, detail };
  if (reason === 'FieldValueRequired') return { type: 'Required', field, detail };
  if (reason === 'FieldValueDuplicate') return { type: 'Duplicate', field, value: type, detail };
  return { type: 'Invalid', field, value: type, detail };
}

function shown({ rule }: Rule): string {
  return rule.trim();
}
