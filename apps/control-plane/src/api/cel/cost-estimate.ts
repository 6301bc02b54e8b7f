// What evaluating an expression may cost at most, told from the expression and the largest values that its variables can have: the
// units are those of Kubernetes' cost model, and the sums those that kube-apiserver comes to (cel-go, checker/cost.go).
import { Environment, ParseError } from '@marcbachmann/cel-js';
import { type DeclaredType, dyn, isScalar, simple } from './declared-type.ts';
import { add, by, either, fixed, plus, type Size, times, unknownSize } from './estimate-size.ts';
import { estimateCall, type Operand, perCharacter } from './function-estimates.ts';

const listCost = 10;
const mapCost = 30;
/** Receivers that are no values. */
const namespaces = new Set(['sets', 'optional', 'ip', 'cel', 'format', 'strings', 'math', 'base64', 'jsonpatch']);

const parser = new Environment({ unlistedVariablesAreDyn: true, enableOptionalTypes: true });

interface Node {
  op: string;
  args: unknown;
}

/** What is known of a part of the expression. */
interface Part {
  cost: number;
  type: DeclaredType;
  /** From a variable down: fields, `@items`, `@values`, `@keys`. */
  path?: string[] | undefined;
  size?: Size | undefined;
  /** Of lists and maps that are made on the way: how large what they hold is. */
  entry?: Entry | undefined;
  literal?: unknown;
}

interface Entry {
  key: Size;
  value: Size;
}

type Scope = ReadonlyMap<string, Part>;

/** @param variables by name. Undefined for what does not parse. */
export function estimateCost(source: string, variables: Record<string, DeclaredType>): number | undefined {
  const scope = new Map(Object.entries(variables).map(([name, type]) => [name, { cost: 1, type, path: [name] }]));
  try {
    const ast = parser.parse(source).ast as unknown as Node;
    return new Estimator(variables).part(ast, scope).cost;
  } catch (error) {
    if (error instanceof ParseError) return undefined;
    throw error;
  }
}

class Estimator {
  readonly #variables: Record<string, DeclaredType>;

  constructor(variables: Record<string, DeclaredType>) {
    this.#variables = variables;
  }

  part(node: Node, scope: Scope): Part {
    const part = this.#part(node, scope);
    part.size ??= this.#declaredSize(part);
    return part;
  }

  #part(node: Node, scope: Scope): Part {
    const args = node.args as [Node, Node, Node];
    switch (node.op) {
      case 'value':
        return literal(node.args);
      case 'id':
        return { ...(scope.get(node.args as unknown as string) ?? { type: dyn }), cost: 1 };
      case '.':
        return this.#select(args[0], String(args[1]), scope);
      case '.?':
      case '[?]':
        return this.#optional(args[0], scope);
      case '[]':
        return this.#index(args[0], args[1], scope);
      case 'list':
        return this.#list(node.args as Node[], scope);
      case 'map':
        return this.#map(node.args as [Node, Node][], scope);
      case '?:':
        return this.#conditional(args, scope);
      case 'call':
        return this.#call(String(args[0]), args[1] as unknown as Node[], scope);
      case 'rcall':
        return this.#method(String(args[0]), args[1], args[2] as unknown as Node[], scope);
      default:
        return this.#operator(node.op, node.op.endsWith('_') ? [node.args as unknown as Node] : args, scope);
    }
  }

  #select(of: Node, name: string, scope: Scope): Part {
    const operand = this.part(of, scope);
    const { kind, fields, elem } = operand.type;
    const hasMembers = kind === 'object' || kind === 'map';
    const type = (kind === 'map' ? elem : fields?.get(name)) ?? dyn;
    return { cost: add(operand.cost, hasMembers ? 1 : 0), type, path: operand.path && [...operand.path, name] };
  }

  #optional(of: Node, scope: Scope): Part {
    return { cost: add(this.part(of, scope).cost, 1), type: simple('optional', { elem: dyn }) };
  }

  #index(of: Node, at: Node, scope: Scope): Part {
    const operand = this.part(of, scope);
    const cost = add(operand.cost, this.part(at, scope).cost, 1);
    const step = operand.type.kind === 'map' ? '@values' : '@items';
    return { cost, type: operand.type.elem ?? dyn, path: [...(operand.path ?? []), step], size: operand.entry?.value };
  }

  #list(items: Node[], scope: Scope): Part {
    const parts = items.map((item) => this.part(item, scope));
    const type: DeclaredType = { kind: 'list', elem: parts[0]?.type ?? dyn, maxElements: 0, minSize: 2 };
    const cost = add(listCost, ...parts.map((part) => part.cost));
    return { cost, type, size: fixed(items.length), entry: { key: fixed(1), value: sizes(parts) } };
  }

  #map(entries: [Node, Node][], scope: Scope): Part {
    const keys = entries.map(([key]) => this.part(key, scope));
    const values = entries.map(([, value]) => this.part(value, scope));
    const type: DeclaredType = { kind: 'map', elem: values[0]?.type ?? dyn, maxElements: 0, minSize: 2 };
    const cost = add(mapCost, ...[...keys, ...values].map((part) => part.cost));
    return { cost, type, size: fixed(entries.length), entry: { key: sizes(keys), value: sizes(values) } };
  }

  #conditional([test, one, other]: Node[], scope: Scope): Part {
    const [condition, a, b] = [test, one, other].map((node) => this.part(node as Node, scope)) as [Part, Part, Part];
    return {
      cost: add(condition.cost, Math.max(a.cost, b.cost)),
      type: a.type,
      size: either(sizeOf(a), sizeOf(b)),
      entry: eitherEntry(a, b),
    };
  }

  #operator(op: string, nodes: Node[], scope: Scope): Part {
    const parts = nodes.map((node) => this.part(node, scope));
    const cost = add(...parts.map((part) => part.cost));
    const [a, b] = parts as [Part, Part];
    if (op === '-_' && a.literal !== undefined) return a;
    if (op === '&&' || op === '||') return { cost, type: simple('bool') };
    if (op === '+') return sum(cost, a, b);
    if (op === '==' || op === '!=') return { cost: add(cost, equality(a, b)), type: simple('bool') };
    if (op === 'in')
      return { cost: add(cost, b.type.kind === 'map' ? 1 : Math.max(b.type.kind === 'dyn' ? 1 : 0, sizeOf(b).max)), type: simple('bool') };
    if (['<', '<=', '>', '>='].includes(op)) return { cost: add(cost, ordering(a, b)), type: simple('bool') };
    return { cost: add(cost, 1), type: op === '!_' ? simple('bool') : a.type };
  }

  #call(name: string, nodes: Node[], scope: Scope): Part {
    const [first] = nodes;
    if (name === 'has' && first?.op === '.') return { cost: this.part((first.args as [Node])[0], scope).cost, type: simple('bool') };
    const parts = nodes.map((node) => this.part(node, scope));
    if (name === 'dyn' && parts[0]) return { ...parts[0], cost: add(parts[0].cost, 1), type: dyn, path: undefined };
    return this.#estimated(name, undefined, parts);
  }

  #method(name: string, of: Node, nodes: Node[], scope: Scope): Part {
    const namespace = of.op === 'id' && !scope.has(String(of.args)) && namespaces.has(String(of.args)) ? String(of.args) : undefined;
    if (namespace === 'cel' && name === 'bind') return this.#bind(nodes, scope);
    if (namespace)
      return this.#estimated(
        `${namespace}.${name}`,
        undefined,
        nodes.map((node) => this.part(node, scope)),
      );
    const [variable] = nodes;
    const isMacro = variable?.op === 'id' && nodes.length > 1;
    if (isMacro && ['all', 'exists', 'exists_one', 'existsOne', 'filter', 'map'].includes(name)) return this.#loop(name, of, nodes, scope);
    const target = this.part(of, scope);
    if (isMacro && (name === 'optMap' || name === 'optFlatMap')) return this.#optionalMap(name, target, nodes, scope);
    return this.#estimated(
      name,
      target,
      nodes.map((node) => this.part(node, scope)),
    );
  }

  #estimated(name: string, target: Part | undefined, parts: Part[]): Part {
    const operands = parts.map((part) => this.#operand(part));
    const { cost, type, size } = estimateCall(name, target && this.#operand(target), operands);
    return { cost: add(cost, target?.cost ?? 0, ...parts.map((part) => part.cost)), type, size };
  }

  #operand(part: Part): Operand {
    const items = part.path && this.#sizeAt([...part.path, '@items']);
    return { type: part.type, size: sizeOf(part), itemSize: items ?? unknownSize, literal: part.literal };
  }

  /** A variable of the expression's own. */
  #bind([name, value, body]: Node[], scope: Scope): Part {
    const bound = this.part(value as Node, scope);
    const inner = this.part(body as Node, new Map(scope).set(String(name?.args), bound));
    return { ...inner, cost: add(listCost, bound.cost, inner.cost), path: undefined };
  }

  #optionalMap(name: string, target: Part, [variable, body]: Node[], scope: Scope): Part {
    const value: Part = { cost: 1, type: target.type.elem ?? dyn };
    const inner = this.part(body as Node, new Map(scope).set(String(variable?.args), value));
    const made = add(listCost, target.cost, 1, inner.cost, name === 'optMap' ? 1 : 0);
    const type = name === 'optMap' ? simple('optional', { elem: inner.type }) : inner.type;
    return { cost: add(target.cost, 1, made), type };
  }

  /** As the macros are expanded: each step costs what looking at the accumulator, its condition and what is added to it do. */
  #loop(name: string, of: Node, nodes: Node[], scope: Scope): Part {
    const range = this.part(of, scope);
    const { kind, elem } = range.type;
    const [step, type, size] = kind === 'map' ? ['@keys', simple('string'), range.entry?.key] : ['@items', elem ?? dyn, range.entry?.value];
    const variable: Part = { cost: 1, type, path: [...(range.path ?? []), step] };
    variable.size = this.#declaredSize(variable) ?? size;
    const inner = new Map(scope).set(String(nodes[0]?.args), variable);
    const bodies = nodes.slice(1).map((node) => this.part(node, inner));
    const body = add(...bodies.map((part) => part.cost));
    const made = bodies.at(-1);
    const [each, once] = loopCosts(name, body);
    const cost = add(range.cost, once, times(sizeOf(range).max, each));
    if (name !== 'map' && name !== 'filter') return { cost, type: simple('bool'), size: fixed(1) };
    const item = name === 'map' && made ? made : variable;
    const list: DeclaredType = { kind: 'list', elem: item.type, maxElements: 0, minSize: 2 };
    return { cost, type: list, size: sizeOf(range), entry: { key: fixed(1), value: either(fixed(0), sizeOf(item)) } };
  }

  #declaredSize({ path, type }: Part): Size | undefined {
    const declared = path && path.length > 0 ? this.#sizeAt(path) : undefined;
    return declared ?? (isScalar(type) ? fixed(1) : undefined);
  }

  /** Undefined for what no schema tells of. */
  #sizeAt([root = '', ...steps]: string[]): Size | undefined {
    let at: DeclaredType | undefined = this.#variables[root] ?? Object.values(this.#variables)[0];
    for (const step of steps) {
      if (step === '@items' || step === '@values') at = at?.elem;
      else if (step === '@keys') at = at?.kind === 'map' ? simple('string') : undefined;
      else at = at?.fields?.get(step);
      if (!at) return undefined;
    }
    return at && { min: 0, max: at.maxElements };
  }
}

/** Of one step and, beside it, of the whole. */
function loopCosts(name: string, body: number): [each: number, once: number] {
  if (name === 'all') return [add(body, 3), 1];
  if (name === 'exists') return [add(body, 4), 1];
  if (name === 'exists_one' || name === 'existsOne') return [add(body, 2), 2];
  return [add(body, name === 'filter' ? 13 : 12), listCost + 1];
}

function literal(value: unknown): Part {
  if (typeof value === 'string') return { cost: 0, type: simple('string'), size: fixed([...value].length), literal: value };
  if (value instanceof Uint8Array) return { cost: 0, type: simple('bytes'), size: fixed(value.length), literal: value };
  const kind = typeof value === 'bigint' ? 'int' : typeof value === 'number' ? 'double' : typeof value === 'boolean' ? 'bool' : 'dyn';
  return { cost: 0, type: simple(kind), size: fixed(1), literal: value };
}

function sizeOf({ size }: Part): Size {
  return size ?? unknownSize;
}

function sizes(parts: Part[]): Size {
  return parts.length === 0 ? fixed(0) : parts.map(sizeOf).reduce(either);
}

function eitherEntry({ entry: a }: Part, { entry: b }: Part): Entry | undefined {
  return a && b && { key: either(a.key, b.key), value: either(a.value, b.value) };
}

function sum(cost: number, a: Part, b: Part): Part {
  const { kind } = a.type.kind === 'dyn' ? b.type : a.type;
  const size = plus(sizeOf(a), sizeOf(b));
  if (kind === 'list') return { cost: add(cost, 1), type: a.type, size, entry: eitherEntry(a, b) };
  if (kind !== 'string' && kind !== 'bytes' && kind !== 'dyn') return { cost: add(cost, 1), type: a.type };
  return { cost: add(cost, by(size.max, perCharacter)), type: a.type, size };
}

/** As far as the shorter one goes. */
function equality(a: Part, b: Part): number {
  if (a.type.kind === 'opaque' && b.type.kind === 'opaque') return 1;
  return by(Math.min(sizeOf(a).max, sizeOf(b).max), perCharacter);
}

function ordering(a: Part, b: Part): number {
  const kinds = [a.type.kind, b.type.kind];
  const isText = kinds.some((kind) => kind === 'string' || kind === 'bytes');
  if (!isText && !kinds.every((kind) => kind === 'dyn')) return 1;
  return Math.max(isText ? 0 : 1, equality(a, b));
}
