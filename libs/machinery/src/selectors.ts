// Label and field selectors as text and as objects (Kubernetes, "Labels and Selectors").
import { StatusError } from './status.ts';

/** `=` and `!=` mean `in` and `notin` with one value, and are written differently. */
export type LabelOperator = 'in' | 'notin' | '=' | '!=' | 'exists' | '!' | 'gt' | 'lt';

export interface LabelRequirement {
  key: string;
  operator: LabelOperator;
  values: string[];
}

export interface LabelSelectorObject {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

export class Selector {
  readonly requirements: LabelRequirement[];

  constructor(requirements: LabelRequirement[]) {
    this.requirements = requirements;
  }

  matches(labels: Record<string, string> | undefined): boolean {
    return this.requirements.every((r) => holds(r, labels ?? {}));
  }

  isEmpty(): boolean {
    return this.requirements.length === 0;
  }

  toString(): string {
    return this.requirements.map(requirementText).join(',');
  }
}

function holds({ key, operator, values }: LabelRequirement, labels: Record<string, string>): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    case 'in':
    case '=':
      return value !== undefined && values.includes(value);
    case 'gt':
    case 'lt':
      return value !== undefined && isInteger(value) && comparesTo(operator, Number(value), Number(values[0]));
    default:
      return value === undefined || !values.includes(value);
  }
}

function isInteger(text: string): boolean {
  return /^[+-]?\d{1,18}$/.test(text);
}

function comparesTo(operator: 'gt' | 'lt', value: number, limit: number): boolean {
  return operator === 'gt' ? value > limit : value < limit;
}

function requirementText({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'in':
    case 'notin':
      return `${key} ${operator} (${[...values].sort().join(',')})`;
    case 'gt':
    case 'lt':
      return `${key}${operator === 'gt' ? '>' : '<'}${values[0]}`;
    default:
      return `${key}${operator}${values[0] ?? ''}`;
  }
}

/** An absent selector matches nothing, an empty one everything (as in a LabelSelector field). */
export function labelSelectorFrom(selector: LabelSelectorObject | undefined): Selector {
  if (!selector) return nothing;
  const requirements: LabelRequirement[] = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({
    key,
    operator: '=',
    values: [value],
  }));
  const operators: Record<string, LabelOperator> = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' };
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const known = operators[operator];
    if (!known) throw StatusError.badRequest(`"${operator}" is not a valid label selector operator`);
    requirements.push({ key, operator: known, values: values ?? [] });
  }
  return new Selector(requirements.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)));
}

/** Matches no object: `in` without values never holds. */
const nothing = new Selector([{ key: 'nothing', operator: 'in', values: [] }]);

export function selectorText(selector: LabelSelectorObject | undefined): string {
  return selector ? labelSelectorFrom(selector).toString() : '';
}

export interface FieldRequirement {
  field: string;
  operator: '=' | '!=';
  value: string;
}

/** `\\`, `\,` and `\=` stand for themselves in values. @throws StatusError BadRequest */
export function parseFieldSelector(text: string): FieldRequirement[] {
  const parts = (text.match(/(?:\\.|[^,\\]|\\$)+/gs) ?? []).sort();
  const requirements = parts.map((part): FieldRequirement => {
    const match = /^(.*?)(!=|==|=)(.*)$/s.exec(part);
    if (!match) throw StatusError.badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
    return { field: match[1] ?? '', operator: match[2] === '!=' ? '!=' : '=', value: unescaped(match[3] ?? '') };
  });
  // `=` alone asks for nothing.
  return requirements.filter(({ field, value }) => field !== '' || value !== '');
}

function unescaped(value: string): string {
  return value.replace(/\\(.?)|[,=]/gs, (found, character?: string) => {
    if (character === undefined)
      throw StatusError.badRequest(`invalid field selector: unescaped character in value: ${found.charCodeAt(0)}`);
    if (/^[\\,=]$/.test(character)) return character;
    throw StatusError.badRequest(`invalid field selector: invalid escape sequence: ${found}`);
  });
}
