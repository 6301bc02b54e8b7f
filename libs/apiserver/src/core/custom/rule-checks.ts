// What is wrong with the rules of a definition, told when it is written: syntax, types, and fields that its schema does not have.
import { additionalOf, CustomResourceDefinition, itemsOf, type JSONSchemaProps, schemas, withVersions } from '@berth/api';
import { asGoStruct, deepEqual, type FieldError, type KindDefinition } from '@berth/machinery';
import type { Expression } from '../../cel/environment.ts';
import { ExpressionError } from '../../cel/expression-error.ts';
import { erased } from '../kinds-by-name.ts';
import { type RulePart, ruleCostErrors } from './rule-costs.ts';
import { RuleTypes } from './rule-types.ts';
import { compileCondition, compileRules } from './rules.ts';

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
      if (!errors.every(({ field }) => withinRule.test(field))) return errors;
      return [...errors, ...ruleErrors(object as CustomResourceDefinition, old as CustomResourceDefinition | undefined, errors)];
    },
  };
}

const withinRule = /\.x-kubernetes-validations\[\d+\]\.\w+$/;

/**
 * What rules cost, and whether defaults satisfy them, is asked of schemas that are new.
 * @param known what is wrong with rules before they are compiled
 */
export function ruleErrors(definition: CustomResourceDefinition, old?: CustomResourceDefinition, known: FieldError[] = []): FieldError[] {
  const { common, versions } = withVersions(definition);
  const given = definition.spec.versions;
  return [
    ...schemaErrors(common.schema?.openAPIV3Schema, 'spec.validation.openAPIV3Schema', formerSchema(old, given[0]?.name), known),
    ...versions.flatMap(({ schema }, i) =>
      schemaErrors(schema?.openAPIV3Schema, `spec.versions[${i}].schema.openAPIV3Schema`, formerSchema(old, given[i]?.name), known),
    ),
  ];
}

function formerSchema(old: CustomResourceDefinition | undefined, name: string | undefined): Schema | undefined {
  return old?.spec.versions.find((version) => version.name === name)?.schema?.openAPIV3Schema;
}

/** With wrong defaults, nothing more is said of the rules. */
function schemaErrors(root: Schema | undefined, path: string, before: Schema | undefined, known: FieldError[]): FieldError[] {
  if (!root) return [];
  const isNew = !deepEqual(before, root);
  const defaults = isNew ? defaultErrors(root, path) : [];
  if (defaults.length > 0) return defaults;
  const uncompiled = new Map<Rule, RulePart>();
  const errors = errorsIn(root, { path, isRoot: true, isResource: true, uncorrelated: undefined, isNew, known, uncompiled });
  if (!isNew) return errors;
  const isCompiled = (rule: Rule, part: RulePart) => ![part, 'rule'].includes(uncompiled.get(rule) ?? '');
  return [...errors, ...ruleCostErrors(root, path, isCompiled)];
}

interface Place {
  path: string;
  isRoot: boolean;
  /** Whether it has a kind and a name, which need not be declared. */
  isResource: boolean;
  /** The outermost schema whose parts have no counterparts in what was there before. */
  uncorrelated: string | undefined;
  /** Otherwise types have been looked at. */
  isNew: boolean;
  known: FieldError[];
  /** Takes the first part of rules that does not compile. */
  uncompiled: Map<Rule, RulePart>;
}

function errorsIn(schema: Schema, place: Place): FieldError[] {
  const { path, uncorrelated } = place;
  const [items, others] = [itemsOf(schema), additionalOf(schema)];
  const isAtomic = schema['x-kubernetes-map-type'] === 'atomic';
  const below = (inner: Schema, at: string, hasCounterparts: boolean): FieldError[] =>
    errorsIn(inner, {
      ...place,
      path: `${path}.${at}`,
      isRoot: false,
      isResource: inner['x-kubernetes-embedded-resource'] === true,
      uncorrelated: uncorrelated ?? (hasCounterparts ? undefined : path),
    });
  return [
    ...errorsAt(schema, place),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => below(inner, `properties[${name}]`, !isAtomic)),
    ...(items ? below(items, 'items', schema['x-kubernetes-list-type'] === 'map') : []),
    ...(others ? below(others, 'additionalProperties', !isAtomic) : []),
  ];
}

/** Nothing is compiled where something else is wrong, here or below. */
function errorsAt(schema: Schema, place: Place): FieldError[] {
  const rules = schema['x-kubernetes-validations'] ?? [];
  if (place.known.some(({ field }) => field.startsWith(`${place.path}.`))) {
    for (const rule of rules) place.uncompiled.set(rule, 'rule');
    return [];
  }
  if (rules.length === 0) return [];
  const types = place.isNew ? new RuleTypes(schema, place.isResource) : undefined;
  return rules.flatMap((rule, i) => errorsOf(rule, types, { ...place, path: `${place.path}.x-kubernetes-validations[${i}]` }));
}

/** @param types undefined for a rule that was there before */
function errorsOf(rule: Rule, types: RuleTypes | undefined, { path, uncorrelated, uncompiled }: Place): FieldError[] {
  const errors: FieldError[] = [];
  const field = `${path}.rule`;
  const holds = compiled(() => fittingCondition(rule, types), field, rule, errors);
  if (!holds) uncompiled.set(rule, 'rule');
  else {
    compiled(() => types?.checkMessage(rule), `${path}.messageExpression`, rule, errors);
    if (errors.length > 0) uncompiled.set(rule, 'messageExpression');
  }
  if (!holds?.uses('oldSelf')) {
    const detail = 'may not be set if oldSelf is not used in rule';
    return rule.optionalOldSelf === undefined ? errors : [...errors, invalid(`${path}.optionalOldSelf`, rule.optionalOldSelf, detail)];
  }
  if (uncorrelated === undefined) return errors;
  const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`;
  return [...errors, invalid(field, rule.rule, detail)];
}

/** @throws ExpressionError for one that cannot be compiled, or does not fit the types of its schema */
function fittingCondition(rule: Rule, types: RuleTypes | undefined): Expression {
  types?.checkCondition(rule);
  return compileCondition(rule);
}

function compiled<T>(compile: () => T, field: string, rule: Rule, errors: FieldError[]): T | undefined {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    errors.push(invalid(field, asGoStruct(ruleMessage, rule), error.message));
    return undefined;
  }
}

function invalid(field: string, value: unknown, detail: string): FieldError {
  return { type: 'Invalid', field, value, detail };
}

/** Defaults of what holds defaults are looked at by themselves: as if they had been there, and as if they came. */
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
  const rules = compileRules({ ...schema, 'x-kubernetes-validations': fitting }, false);
  if (!rules) return broken;
  const errors = [...broken, ...rules(value, value, path)];
  return errors.length > 0 ? errors : rules(value, undefined, path);
}

/** With a message that is none, Kubernetes forgets the field as well. */
function withFittingMessage(rule: Rule, types: RuleTypes): Rule {
  try {
    types.checkMessage(rule);
    return rule;
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const { messageExpression: _expression, fieldPath: _path, ...rest } = rule;
    return rest;
  }
}

/** The rules that stand at the default itself. */
function rulesOf(schema: Schema, path: string): { fitting: Rule[]; errors: FieldError[] } {
  const fitting: Rule[] = [];
  const errors: FieldError[] = [];
  const rules = schema['x-kubernetes-validations'] ?? [];
  if (rules.length === 0) return { fitting, errors };
  const types = new RuleTypes(schema, false);
  for (const rule of rules) {
    if (!rule.rule.trim()) continue;
    try {
      fittingCondition(rule, types);
      fitting.push(withFittingMessage(rule, types));
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      errors.push(invalid(path, schema.type, `rule compile error: ${error.message}`));
    }
  }
  return { fitting, errors };
}
