// What is wrong with the rules of a definition, told when it is written: syntax, types, and fields that its schema does not have.
import { additionalOf, CustomResourceDefinition, itemsOf, type JSONSchemaProps } from '@berth/api';
import { deepEqual, type FieldError, type KindDefinition } from '@berth/machinery';
import { ExpressionError } from '../../cel/expression-error.ts';
import { erased } from '../kinds-by-name.ts';
import { escapedName } from './cel-values.ts';
import { ruleCostErrors } from './rule-costs.ts';
import { compileRule } from './rules.ts';

type Schema = JSONSchemaProps;

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

/** What rules cost is asked of schemas that are new. */
export function ruleErrors({ spec }: CustomResourceDefinition, old?: CustomResourceDefinition): FieldError[] {
  return spec.versions.flatMap(({ name, schema }, i) => {
    const root = schema?.openAPIV3Schema;
    if (!root) return [];
    const path = `spec.versions[${i}].schema.openAPIV3Schema`;
    const before = old?.spec.versions.find((version) => version.name === name)?.schema?.openAPIV3Schema;
    return [...errorsIn(root, path, true), ...(deepEqual(before, root) ? [] : ruleCostErrors(root, path))];
  });
}

function errorsIn(schema: Schema, path: string, isRoot = false): FieldError[] {
  const [items, others] = [itemsOf(schema), additionalOf(schema)];
  const rules = schema['x-kubernetes-validations'] ?? [];
  return [
    ...rules.flatMap((rule, i) => {
      const error = problemOf(schema, rule, isRoot);
      const field = `${path}.x-kubernetes-validations[${i}].rule`;
      return error === undefined ? [] : [{ type: 'Invalid' as const, field, value: rule.rule, detail: error }];
    }),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => errorsIn(inner, `${path}.properties[${name}]`)),
    ...(items ? errorsIn(items, `${path}.items`) : []),
    ...(others ? errorsIn(others, `${path}.additionalProperties`) : []),
  ];
}

function problemOf(schema: Schema, rule: Parameters<typeof compileRule>[0], isRoot: boolean): string | undefined {
  if (rule.rule.trim() === '') return 'rule is not specified';
  try {
    const { holds } = compileRule(rule);
    const missing = [...holds.paths('self'), ...holds.paths('oldSelf')].map((path) => missingField(schema, path, isRoot)).find(Boolean);
    return missing && `compilation failed: ERROR: <input>:1:1: undefined field '${missing}'`;
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const isSyntax = /unexpected|expected|unterminated|invalid/i.test(error.message);
    return `compilation failed: ERROR: <input>:1:1: ${isSyntax ? 'Syntax error: ' : ''}${error.message}`;
  }
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
