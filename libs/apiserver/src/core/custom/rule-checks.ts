// What is wrong with the rules of a definition, told when it is written: syntax, types, and fields that its schema does not have.
import { additionalOf, CustomResourceDefinition, itemsOf, type JSONSchemaProps, schemas, withVersions } from '@berth/api';
import { asGoStruct, deepEqual, type FieldError, type KindDefinition } from '@berth/machinery';
import type { Expression } from '../../cel/environment.ts';
import { ExpressionError } from '../../cel/expression-error.ts';
import { erased } from '../kinds-by-name.ts';
import { escapedName } from './cel-values.ts';
import { ruleCostErrors } from './rule-costs.ts';
import { compileCondition, compileMessage, compileRules } from './rules.ts';

type Schema = JSONSchemaProps;
type Rule = NonNullable<Schema['x-kubernetes-validations']>[number];
const ruleMessage = schemas.message('apiextensions.v1.ValidationRule');

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
export function ruleErrors(definition: CustomResourceDefinition, old?: CustomResourceDefinition): FieldError[] {
  const { common, versions } = withVersions(definition);
  const given = definition.spec.versions;
  return [
    ...schemaErrors(common.schema?.openAPIV3Schema, 'spec.validation.openAPIV3Schema', formerSchema(old, given[0]?.name)),
    ...versions.flatMap(({ schema }, i) =>
      schemaErrors(schema?.openAPIV3Schema, `spec.versions[${i}].schema.openAPIV3Schema`, formerSchema(old, given[i]?.name)),
    ),
  ];
}

function formerSchema(old: CustomResourceDefinition | undefined, name: string | undefined): Schema | undefined {
  return old?.spec.versions.find((version) => version.name === name)?.schema?.openAPIV3Schema;
}

/** With wrong defaults, nothing more is said of the rules. */
function schemaErrors(root: Schema | undefined, path: string, before: Schema | undefined): FieldError[] {
  if (!root) return [];
  const isNew = !deepEqual(before, root);
  const defaults = isNew ? defaultErrors(root, path) : [];
  if (defaults.length > 0) return defaults;
  const broken = new Set<Rule>();
  const errors = errorsIn(root, { path, isRoot: true, uncorrelated: undefined, broken });
  return isNew ? [...errors, ...ruleCostErrors(root, path, (rule) => !broken.has(rule))] : errors;
}

interface Place {
  path: string;
  isRoot: boolean;
  /** The outermost schema whose parts have no counterparts in what was there before. */
  uncorrelated: string | undefined;
  /** Takes the rules that do not compile. */
  broken: Set<Rule>;
}

function errorsIn(schema: Schema, { path, isRoot, uncorrelated, broken }: Place): FieldError[] {
  const [items, others] = [itemsOf(schema), additionalOf(schema)];
  const rules = schema['x-kubernetes-validations'] ?? [];
  const isAtomic = schema['x-kubernetes-map-type'] === 'atomic';
  const below = (at: string, hasCounterparts: boolean): Place => ({
    path: `${path}.${at}`,
    isRoot: false,
    broken,
    uncorrelated: uncorrelated ?? (hasCounterparts ? undefined : path),
  });
  return [
    ...rules.flatMap((rule, i) => errorsOf(schema, rule, { path: `${path}.x-kubernetes-validations[${i}]`, isRoot, uncorrelated, broken })),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => errorsIn(inner, below(`properties[${name}]`, !isAtomic))),
    ...(items ? errorsIn(items, below('items', schema['x-kubernetes-list-type'] === 'map')) : []),
    ...(others ? errorsIn(others, below('additionalProperties', !isAtomic)) : []),
  ];
}

function errorsOf(schema: Schema, rule: Rule, { path, isRoot, uncorrelated, broken }: Place): FieldError[] {
  const errors: FieldError[] = [];
  const field = `${path}.rule`;
  const holds = compiled(() => fittingCondition(schema, rule, isRoot), field, rule, 'compilation failed', errors);
  if (holds) {
    compiled(() => compileMessage(rule), `${path}.messageExpression`, rule, 'messageExpression compilation failed', errors);
  } else broken.add(rule);
  if (!holds?.uses('oldSelf')) {
    const detail = 'may not be set if oldSelf is not used in rule';
    return rule.optionalOldSelf === undefined ? errors : [...errors, invalid(`${path}.optionalOldSelf`, rule.optionalOldSelf, detail)];
  }
  if (uncorrelated === undefined) return errors;
  const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`;
  return [...errors, invalid(field, rule.rule, detail)];
}

/** @throws ExpressionError for one that cannot be compiled, or names fields that its schema does not have */
function fittingCondition(schema: Schema, rule: Rule, isRoot: boolean): Expression {
  const holds = compileCondition(rule);
  const missing = [...holds.paths('self'), ...holds.paths('oldSelf')].map((names) => missingField(schema, names, isRoot)).find(Boolean);
  if (missing) throw new ExpressionError(`undefined field '${missing}'`);
  return holds;
}

function compiled<T>(compile: () => T, field: string, rule: Rule, title: string, errors: FieldError[]): T | undefined {
  try {
    return compile();
  } catch (error) {
    errors.push(invalid(field, asGoStruct(ruleMessage, rule), compileProblem(error, title)));
    return undefined;
  }
}

/** @throws what is no fault of the expression */
function compileProblem(error: unknown, title: string): string {
  if (!(error instanceof ExpressionError)) throw error;
  const { message, fault } = error;
  if (/ must evaluate to /.test(message)) return message;
  return `${title}: ERROR: <input>:1:1: ${fault?.isSyntax ? 'Syntax error: ' : ''}${message}`;
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
  const { fitting, errors: broken } = rulesOf(schema, path);
  const rules = compileRules(broken.length > 0 ? { ...schema, 'x-kubernetes-validations': fitting } : schema);
  if (!rules) return broken;
  const errors = [...broken, ...rules(value, undefined, path)];
  return errors.length > 0 ? errors : rules(value, value, path);
}

/** The rules that stand at the default itself. */
function rulesOf(schema: Schema, path: string): { fitting: Rule[]; errors: FieldError[] } {
  const fitting: Rule[] = [];
  const errors: FieldError[] = [];
  for (const rule of schema['x-kubernetes-validations'] ?? []) {
    try {
      fittingCondition(schema, rule, false);
      fitting.push(rule);
    } catch (error) {
      errors.push(invalid(path, schema.type, `rule compile error: ${compileProblem(error, 'compilation failed')}`));
    }
  }
  return { fitting, errors };
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
