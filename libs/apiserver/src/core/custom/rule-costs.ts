// What the rules of a definition may cost at most when an object is checked, estimated when the definition is written: each by itself, as
// often as there may be a value that it stands at, and all of them together (Kubernetes, "Resource use by validation functions").
import { additionalOf, itemsOf, type JSONSchemaProps } from '@berth/api';
import type { FieldError } from '@berth/machinery';
import { estimateCost } from '../../cel/cost-estimate.ts';
import { type DeclaredType, simple } from '../../cel/declared-type.ts';
import { declaredType, requestBytesMax } from './declared-schema.ts';

type Schema = JSONSchemaProps;
type Rule = NonNullable<Schema['x-kubernetes-validations']>[number];

export type RulePart = 'rule' | 'messageExpression';

const ruleCostMax = 10_000_000;
const totalCostMax = 100_000_000;
const namedMax = 4;
const advice = '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)';

interface Cost {
  field: string;
  cost: number;
}

/** @param path of the schema. @param isCompiled whether it can be evaluated at all: the rest costs nothing */
export function ruleCostErrors(root: Schema, path: string, isCompiled: (rule: Rule, part: RulePart) => boolean = () => true): FieldError[] {
  const costs: Cost[] = [];
  const errors: FieldError[] = [];
  collect(root, path, 1, true, (rule, of, times, field) => {
    if (!isCompiled(rule, 'rule')) return;
    const variables = { self: of, oldSelf: rule.optionalOldSelf ? simple('optional', { elem: of, maxElements: of.maxElements }) : of };
    const cost = (estimateCost(rule.rule, variables) ?? 0) * times;
    check('estimated rule cost', `${field}.rule`, cost);
    if (rule.messageExpression && isCompiled(rule, 'messageExpression')) {
      check('estimated messageExpression cost', `${field}.messageExpression`, estimateCost(rule.messageExpression, variables) ?? 0);
    }
  });
  const total = costs.reduce((sum, { cost }) => sum + cost, 0);
  if (total <= totalCostMax) return errors;
  const greatest = costs.filter(({ cost }) => cost >= totalCostMax / 100).sort((a, b) => b.cost - a.cost);
  const detail = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema';
  errors.push(...greatest.slice(0, namedMax).map(({ field }) => ({ type: 'Forbidden' as const, field, detail })));
  const name = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
  return [...errors, { type: 'Forbidden', field: path, detail: exceeded(name, total, totalCostMax) }];

  function check(title: string, field: string, cost: number): void {
    costs.push({ field, cost });
    if (cost > ruleCostMax) errors.push({ type: 'Forbidden', field, detail: exceeded(title, cost, ruleCostMax) });
  }
}

type Visit = (rule: Rule, of: DeclaredType, times: number, field: string) => void;

/** @param times how often there may be such a value; undefined where no schema above it says */
function collect(schema: Schema, path: string, times: number | undefined, isResource: boolean, visit: Visit): void {
  const rules = schema['x-kubernetes-validations'] ?? [];
  const type = rules.length > 0 ? declaredType(schema, isResource) : undefined;
  if (type) {
    const often = times ?? Math.floor(requestBytesMax / (type.minSize + 1));
    for (const [i, rule] of rules.entries()) visit(rule, type, often, `${path}.x-kubernetes-validations[${i}]`);
  }
  const inner = times === undefined ? undefined : within(schema, times);
  const [items, additional] = [itemsOf(schema), additionalOf(schema)];
  const embedded = (one: Schema) => one['x-kubernetes-embedded-resource'] === true;
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    collect(property, `${path}.properties[${name}]`, inner, embedded(property), visit);
  if (items) collect(items, `${path}.items`, inner, embedded(items), visit);
  if (additional) collect(additional, `${path}.additionalProperties`, inner, embedded(additional), visit);
}

function within({ type, maxItems, maxProperties, additionalProperties }: Schema, times: number): number | undefined {
  const most = type === 'array' ? maxItems : type === 'object' && additionalProperties !== undefined ? maxProperties : 1;
  return most === undefined ? undefined : times * Math.max(0, most);
}

function exceeded(name: string, cost: number, limit: number): string {
  const factor = cost / limit;
  const told = factor > 100 ? 'more than 100x' : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`;
  return `${name} exceeds budget by factor of ${told} ${advice}`;
}
