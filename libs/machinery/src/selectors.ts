// Label and field selectors as text and as objects (Kubernetes, "Labels and Selectors").
import { StatusError } from './status.ts';

export type LabelOperator = 'in' | 'notin' | 'exists' | '!';

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
      return value !== undefined && values.includes(value);
    default:
      return value === undefined || !values.includes(value);
  }
}

function requirementText({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'in':
      return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${[...values].sort().join(',')})`;
    default:
      return values.length === 1 ? `${key}!=${values[0]}` : `${key} notin (${[...values].sort().join(',')})`;
  }
}

const name = '[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?';
const keyText = new RegExp(`^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?/)?${name}$`);
const valueText = new RegExp(`^(?:${name})?$`);
const setForm = /^([^\s!=,()]+)\s+(in|notin)\s*\(([^()]*)\)$/;
const equalForm = /^([^\s!=,()]+)\s*(==|=|!=)\s*([^\s!=,()]*)$/;

/** @throws StatusError BadRequest naming the part that is wrong */
export function parseLabelSelector(text: string): Selector {
  return new Selector(
    splitOutsideParentheses(text)
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map(parseRequirement),
  );
}

function parseRequirement(part: string): LabelRequirement {
  const set = setForm.exec(part);
  if (set)
    return checked({ key: set[1] ?? '', operator: set[2] as 'in' | 'notin', values: (set[3] ?? '').split(',').map((v) => v.trim()) }, part);
  const equal = equalForm.exec(part);
  if (equal) return checked({ key: equal[1] ?? '', operator: equal[2] === '!=' ? 'notin' : 'in', values: [equal[3] ?? ''] }, part);
  if (part.startsWith('!')) return checked({ key: part.slice(1).trim(), operator: '!', values: [] }, part);
  return checked({ key: part, operator: 'exists', values: [] }, part);
}

function checked(requirement: LabelRequirement, part: string): LabelRequirement {
  const bad = !keyText.test(requirement.key) ? requirement.key : requirement.values.find((v) => !valueText.test(v));
  if (bad !== undefined)
    throw StatusError.badRequest(
      `unable to parse requirement: ${JSON.stringify(bad)} in ${JSON.stringify(part)} is not a valid label ${bad === requirement.key ? 'key' : 'value'}`,
    );
  return requirement;
}

function splitOutsideParentheses(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth++;
    else if (text[i] === ')') depth--;
    else if (text[i] === ',' && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  if (depth !== 0) throw StatusError.badRequest(`unable to parse requirement: unbalanced parentheses in ${JSON.stringify(text)}`);
  return [...parts, text.slice(start)];
}

/** An absent selector matches nothing, an empty one everything (as in a LabelSelector field). */
export function labelSelectorFrom(selector: LabelSelectorObject | undefined): Selector {
  if (!selector) return nothing;
  const requirements: LabelRequirement[] = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({
    key,
    operator: 'in',
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

/** @throws StatusError BadRequest */
export function parseFieldSelector(text: string): FieldRequirement[] {
  return text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const match = /^([^=!]+)(==|=|!=)(.*)$/.exec(part.trim());
      if (!match) throw StatusError.badRequest(`invalid field selector ${JSON.stringify(part)}; expected field=value`);
      return { field: match[1] ?? '', operator: match[2] === '!=' ? '!=' : '=', value: match[3] ?? '' };
    });
}
