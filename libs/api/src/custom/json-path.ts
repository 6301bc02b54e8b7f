// JSONPath as far as definitions use it, for printer columns and selectable fields: members, indexes, wildcards, and filters
// that compare (`.status.conditions[?(@.type=="Ready")].status`), as client-go's jsonpath reads them.
import { isRecord } from '@berth/machinery';

type Step =
  | { kind: 'member'; name: string }
  | { kind: 'index'; index: number }
  | { kind: 'all' }
  | { kind: 'filter'; path: Step[]; operator: string; value: unknown };

/** Values that a path leads to, in order. */
export type JsonPath = (value: unknown) => unknown[];

/** Undefined for what is no such path. @param text begins with a dot */
export function parseJsonPath(text: string): JsonPath | undefined {
  const steps = parseSteps(text);
  return steps && ((value) => walk(steps, value));
}

const patterns = {
  member: /^\.([^.[\]\s'"()]+)/,
  quoted: /^(?:\.)?\['((?:[^'\\]|\\.)*)'\]/,
  doubleQuoted: /^(?:\.)?\["((?:[^"\\]|\\.)*)"\]/,
  index: /^\[(-?\d+)\]/,
  all: /^(?:\[\*\]|\.\*)/,
  filter:
    /^\[\?\(\s*@((?:\.[^\s=!<>()]+|\[[^\]]*\])*)\s*(?:(==|!=|<=|>=|<|>)\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|-?[\d.]+|true|false)\s*)?\)\]/,
};

function parseSteps(text: string): Step[] | undefined {
  const steps: Step[] = [];
  for (let rest = text === '.' ? '' : text; rest !== ''; ) {
    const found = nextStep(rest);
    if (!found) return undefined;
    steps.push(found.step);
    rest = rest.slice(found.length);
  }
  return steps;
}

function nextStep(rest: string): { step: Step; length: number } | undefined {
  const all = patterns.all.exec(rest);
  if (all) return { step: { kind: 'all' }, length: all[0].length };
  const member = patterns.quoted.exec(rest) ?? patterns.doubleQuoted.exec(rest) ?? patterns.member.exec(rest);
  if (member) return { step: { kind: 'member', name: (member[1] ?? '').replace(/\\(.)/g, '$1') }, length: member[0].length };
  const index = patterns.index.exec(rest);
  if (index) return { step: { kind: 'index', index: Number(index[1]) }, length: index[0].length };
  const filter = patterns.filter.exec(rest);
  const path = filter && parseSteps(filter[1] ?? '');
  if (!filter || !path) return undefined;
  return { step: { kind: 'filter', path, operator: filter[2] ?? 'exists', value: literal(filter[3]) }, length: filter[0].length };
}

function literal(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  if (/^["']/.test(text)) return text.slice(1, -1).replace(/\\(.)/g, '$1');
  return text === 'true' || text === 'false' ? text === 'true' : Number(text);
}

function walk(steps: Step[], value: unknown): unknown[] {
  let found = [value];
  for (const step of steps) found = found.flatMap((one) => advance(step, one));
  return found;
}

function advance(step: Step, value: unknown): unknown[] {
  switch (step.kind) {
    case 'member':
      return isRecord(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : [];
    case 'index': {
      const at = Array.isArray(value) ? value.at(step.index) : undefined;
      return at === undefined ? [] : [at];
    }
    case 'all':
      return Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : [];
    default:
      return Array.isArray(value) ? value.filter((item) => passes(step, item)) : [];
  }
}

function passes({ path, operator, value }: Step & { kind: 'filter' }, item: unknown): boolean {
  const [given] = walk(path, item);
  if (operator === 'exists') return given !== undefined;
  if (given === undefined || typeof given !== typeof value) return false;
  const [a, b] = [given as string | number | boolean, value as string | number | boolean];
  switch (operator) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    default:
      return a >= b;
  }
}
