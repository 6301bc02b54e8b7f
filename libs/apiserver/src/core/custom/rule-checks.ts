// What is wrong with the rules of a definition, told when it is written: syntax, types, and fields that its schema does not have.
import { additionalOf, CustomResourceDefinition, itemsOf, type JSONSchemaProps } from '@berth/api';
import { deepEqual, type FieldError, type KindDefinition } from '@berth/machinery';
import { ExpressionError } from '../../cel/expression-error.ts';
import { erased } from '../kinds-by-name.ts';
import { escapedName } from './cel-values.ts';
import { ruleCostErrors } from './rule-costs.ts';
import { compileCondition, compileMessage, compileRules } from './rules.ts';

type Schema = JSONSchemaProps;
type Rule = NonNullable<Schema['x-kubernetes-validations']>[number];

/** The kind of definitions, whose validation looks at rules as well. */
export function withRuleChecks(kind: KindDefinition): KindDefinition {
  if (kind !== erased(CustomResourceDefinition)) return kind;
  return {
    ...kind,
    validate: (object, old) => {
      const errors = kind.validate(object, old);
      // What is wrong otherwise may be no schema at all.
      return errors.length > 0 ? errors : ruleErrors(object as CustomResourceDefinition, old as CustomResourceDefinition | undefined);
    },
  };
}

/** What rules cost, and whether defaults satisfy them, is asked of schemas that are new. */
export function ruleErrors({ spec }: CustomResourceDefinition, old?: CustomResourceDefinition): FieldError[] {
  return spec.versions.flatMap(({ name, schema }, i) => {
    const root = schema?.openAPIV3Schema;
    if (!root) return [];
    const path = `spec.versions[${i}].schema.openAPIV3Schema`;
    const before = old?.spec.versions.find((version) => version.name === name)?.schema?.openAPIV3Schema;
    const errors = errorsIn(root, { path, isRoot: true, uncorrelated: undefined });
    if (deepEqual(before, root)) return errors;
    const costs = ruleCostErrors(root, path);
    return [...errors, ...costs, ...(errors.length + costs.length > 0 ? [] : defaultErrors(root, path))];
  });
}

interface Place {
  path: string;
  isRoot: boolean;
  /** The outermost schema whose parts have no counterparts in what was there before. */
  uncorrelated: string | undefined;
}

function errorsIn(schema: Schema, { path, isRoot, uncorrelated }: Place): FieldError[] {
  const [items, others] = [itemsOf(schema), additionalOf(schema)];
  const rules = schema['x-kubernetes-validations'] ?? [];
  const isAtomic = schema['x-kubernetes-map-type'] === 'atomic';
  const below = (at: string, hasCounterparts: boolean): Place => ({
    path: `${path}.${at}`,
    isRoot: false,
    uncorrelated: uncorrelated ?? (hasCounterparts ? undefined : path),
  });
  return [
    ...rules.flatMap((rule, i) => errorsOf(schema, rule, { path: `${path}.x-kubernetes-validations[${i}]`, isRoot, uncorrelated })),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => errorsIn(inner, below(`properties[${name}]`, !isAtomic))),
    ...(items ? errorsIn(items, below('items', schema['x-kubernetes-list-type'] === 'map')) : []),
    ...(others ? errorsIn(others, below('additionalProperties', !isAtomic)) : []),
  ];
}

function errorsOf(schema: Schema, rule: Rule, { path, isRoot, uncorrelated }: Place): FieldError[] {
  const errors: FieldError[] = [];
  const holds = compiled(() => compileCondition(rule), `${path}.rule`, rule.rule, 'compilation failed', errors);
  compiled(() => compileMessage(rule), `${path}.messageExpression`, rule.messageExpression, 'messageExpression compilation failed', errors);
  if (!holds) return errors;
  const missing = [...holds.paths('self'), ...holds.paths('oldSelf')].map((names) => missingField(schema, names, isRoot)).find(Boolean);
  if (missing) errors.push(invalid(`${path}.rule`, rule.rule, `compilation failed: ERROR: <input>:1:1: undefined field '${missing}'`));
  if (!holds.uses('oldSelf')) {
    const detail = 'may not be set if oldSelf is not used in rule';
    return rule.optionalOldSelf === undefined ? errors : [...errors, invalid(`${path}.optionalOldSelf`, rule.optionalOldSelf, detail)];
  }
  if (uncorrelated === undefined) return errors;
  const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`;
  return [...errors, invalid(`${path}.rule`, rule.rule, detail)];
}

function compiled<T>(compile: () => T, field: string, source: string | undefined, title: string, errors: FieldError[]): T | undefined {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const { message, fault } = error;
    const detail = / must evaluate to /.test(message)
      ? message
      : `${title}: ERROR: <input>:1:1: ${fault?.isSyntax ? 'Syntax error: ' : ''}${message}`;
    errors.push(invalid(field, source, detail));
    return undefined;
  }
}

function invalid(field: string, value: unknown, detail: string): FieldError {
  return { type: 'Invalid', field, value, detail };
}

/** Defaults of what holds defaults are looked at by themselves: as if they came, and as if they had been there. */
function defaultErrors(schema: Schema, path: string): FieldError[] {
  const items = itemsOf(schema);
  return [
    ...(schema.default === undefined || schema.default === null ? [] : errorsOfDefault(schema, schema.default, `${path}.default`)),
    ...(items ? defaultErrors(items, `${path}.items`) : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => defaultErrors(inner, `${path}.properties[${name}]`)),
  ];
}

function errorsOfDefault(schema: Schema, value: unknown, path: string): FieldError[] {
  const rules = compileRules(schema);
  if (!rules) return [];
  const errors = rules(value, undefined, path);
  return errors.length > 0 ? errors : rules(value, value, path);
}

const rootFields: Schema = {
  properties: {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: { type: 'object', properties: { name: { type: 'string' }, generateName: { type: 'string' } } },
  },
};

/** The first field of a path that the schema does not have. */
function missingField(schema: Schema, path: string[], isRoot: boolean): string | undefined {
  let at: Schema | undefined = isRoot ? { ...schema, properties: { ...schema.properties, ...rootFields.properties } } : schema;
  for (const name of path) {
    if (at?.type !== 'object' || at['x-kubernetes-preserve-unknown-fields']) return undefined;
    const named: Schema | undefined = Object.entries(at.properties ?? {}).find(([property]) => escapedName(property) === name)?.[1];
    if (!named && !at.additionalProperties) return name;
    at = named ?? additionalOf(at);
  }
  return undefined;
}
