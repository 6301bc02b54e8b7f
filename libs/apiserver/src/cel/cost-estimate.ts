// What evaluating an expression may cost at most, told from the expression and the largest values that its variables can have: the
// units are those of Kubernetes' cost model, and the sums those that kube-apiserver comes to (cel-go, checker/cost.go).
import { Environment, ParseError } from '@marcbachmann/cel-js';
import { type DeclaredType, dyn, isScalar, simple } from './declared-type.ts';
import {
  eitherEntry,
  equality,
  listCost,
  listOf,
  literal,
  loopCosts,
  mapCost,
  ordering,
  type Part,
  sizeOf,
  sizes,
  sum,
} from './estimate-parts.ts';
import { add, by, either, fixed, type Size, times, unknownSize } from './estimate-size.ts';
import { estimateCall, type Operand, perCharacter } from './function-estimates.ts';

/** Receivers that are no values. */
const namespaces = new Set(['sets', 'lists', 'optional', 'ip', 'cel', 'format', 'strings', 'math', 'base64', 'jsonpatch']);
const loops = new Set('all exists exists_one existsOne filter map transformList transformMap transformMapEntry'.split(' '));

const parser = new Environment({ unlistedVariablesAreDyn: true, enableOptionalTypes: true });

interface Node {
  op: string;
  args: unknown;
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
        // A type's name is looked up as a variable would be.
        return { ...(scope.get(node.args as unknown as string) ?? { type: dyn, path: [String(node.args)] }), cost: 1 };
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
    if (isMacro && loops.has(name)) return this.#loop(name, of, nodes, scope);
    if (isMacro && name === 'sortBy') return this.#sorted(of, nodes, scope);
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
    const isOverTwo = name.startsWith('transform') || (nodes.length > 2 && name !== 'map' && name !== 'filter');
    const variables = this.#variablesOf(range, isOverTwo);
    const inner = new Map(scope);
    for (const [i, variable] of variables.entries()) inner.set(String(nodes[i]?.args), variable);
    const bodies = nodes.slice(variables.length).map((node) => this.part(node, inner));
    const body = add(...bodies.map((part) => part.cost));
    const made = bodies.at(-1);
    const [each, once] = loopCosts(name, body);
    const cost = add(range.cost, once, times(sizeOf(range).max, each));
    const item = name !== 'filter' && made ? made : (variables[0] as Part);
    const entry = { key: fixed(1), value: either(fixed(0), sizeOf(item)) };
    if (name === 'map' || name === 'filter' || name === 'transformList')
      return { cost, type: listOf(item.type), size: sizeOf(range), entry };
    if (!name.startsWith('transform')) return { cost, type: simple('bool'), size: fixed(1) };
    return {
      cost,
      type: { kind: 'map', elem: name === 'transformMap' ? item.type : dyn, maxElements: 0, minSize: 2 },
      size: sizeOf(range),
      entry,
    };
  }

  /** An item or a key; of two variables, where or by what it is found, and what that is. */
  #variablesOf(range: Part, isOverTwo: boolean): Part[] {
    const { kind, elem } = range.type;
    const keys: [string, DeclaredType, Size | undefined] = ['@keys', simple('string'), range.entry?.key];
    const items: [string, DeclaredType, Size | undefined] = ['@items', elem ?? dyn, range.entry?.value];
    const values: [string, DeclaredType, Size | undefined] = ['@values', elem ?? dyn, range.entry?.value];
    const steps = kind === 'map' ? [keys, ...(isOverTwo ? [values] : [])] : [items];
    const parts = steps.map(([step, type, size]) => {
      const variable: Part = { cost: 1, type, path: [...(range.path ?? []), step] };
      variable.size = this.#declaredSize(variable) ?? size;
      return variable;
    });
    return isOverTwo && kind !== 'map' ? [{ cost: 1, type: simple('int'), size: fixed(1) }, ...parts] : parts;
  }

  /** A list of what it is sorted by is made first, and every two of these are compared. */
  #sorted(of: Node, nodes: Node[], scope: Scope): Part {
    const keys = this.#loop('map', of, nodes, scope);
    const range = this.part(of, scope);
    const factor = ['string', 'bytes'].includes(keys.type.elem?.kind ?? '') ? 2 + perCharacter : 2;
    const compared = by(times(sizeOf(range).max, sizeOf(range).max), factor);
    return { cost: add(keys.cost, range.cost, compared, 1, listCost), type: range.type, size: sizeOf(range), entry: range.entry };
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
