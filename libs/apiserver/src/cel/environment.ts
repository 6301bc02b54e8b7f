// CEL (Common Expression Language) as Kubernetes has it, over variables: expressions are compiled and their types checked
// once, and evaluating one can neither do anything nor take long. The language is @marcbachmann/cel-js's; what it lacks or does
// otherwise is ours: regular expressions, functions on strings and lists, and the count of what evaluating costs.
import { Environment, type ObjectSchema, ParseError, type ParseResult, TypeError as TypesError } from '@marcbachmann/cel-js';
import { type Budget, Meter } from './budget.ts';
import { evaluateInOrder } from './evaluation-order.ts';
import { ExpressionError } from './expression-error.ts';
import { faultPosition } from './fault-position.ts';
import { formatFunctions, Strings } from './format-function.ts';
import { type CelFunction, readable } from './functions.ts';
import { Ips, kubernetesEqualities, kubernetesFunctions, kubernetesTypes } from './kubernetes-types.ts';
import { isSame, listFunctions, Sets } from './list-functions.ts';
import { Lists, listTransformations } from './list-transformations.ts';
import { literalMacros, structClass } from './literal-macros.ts';
import { rewriteLiterals } from './literal-syntax.ts';
import { Formats, namedFormatFunctions, namedFormatType } from './named-formats.ts';
import { optionalEquality, optionalFunctions, optionalMacros } from './optional-macros.ts';
import { checkComparisons, checkLiterals, isOpen, resultType } from './result-type.ts';
import { stringFunctions } from './string-functions.ts';
import {
  checkConstants,
  countCosts,
  membersOf,
  nodesOf,
  pathsFrom,
  refuseBindings,
  replaceCalls,
  respectListSemantics,
  type TreeNode,
  widenPresenceTests,
} from './syntax-tree.ts';
import { timeFunctions } from './time-functions.ts';
import { twoVariableMacros } from './two-variable-macros.ts';

/** Characters. An expression that says more is a program. */
const lengthMax = 10_000;
const limits = { maxAstNodes: 10_000, maxDepth: 100, maxListElements: 1_000, maxMapEntries: 1_000, maxCallArguments: 32 };

export interface Variables {
  /** By name: types such as `map<string, dyn>`, or the types of an object's fields. */
  [name: string]: string | ObjectSchema;
}

/** A type that an expression knows by name. */
export interface ExpressionType {
  name: string;
  /** Of its values; absent where expressions are compiled alone. */
  ctor?: abstract new (
    ...parts: never[]
  ) => object;
  /** Types by field; without, any field may be asked for. */
  fields?: Record<string, string>;
}

/** Types of a message's fields; `any` where each field is of any type. */
export type StructFields = Record<string, string> | 'any';

/** What an environment has beside the language. */
export interface Extension {
  types?: ExpressionType[];
  /** Values by name, of one of the types. */
  constants?: Record<string, { type: string; value: object }>;
  /** Messages that expressions may spell out, `Name{field: value}`; undefined for a name that is none. */
  structs?(name: string): StructFields | undefined;
  functions?(meter: Meter): CelFunction[];
  /** Whether `cel.bind` is there: Kubernetes has it in expressions about devices alone. */
  hasBindings?: boolean;
  /** Whether lists and maps that are spelled out hold nothing of an unknown type beside what is known: where types are never known. */
  hasStrictLiterals?: boolean;
}

export class ExpressionEnvironment {
  readonly #environment: Environment;
  readonly #meter: Meter;
  readonly #hasBindings: boolean;
  readonly #hasStrictLiterals: boolean;
  readonly #structs: Extension['structs'];

  /** @param parent whose language, variables and types it has as well; that one can only be extended from then on */
  constructor(variables: Variables, extension: Extension = {}, parent?: ExpressionEnvironment) {
    const { types = [], constants = {}, functions, hasBindings, hasStrictLiterals } = extension;
    this.#structs = extension.structs ?? (parent ? parent.#structs : undefined);
    this.#hasBindings = hasBindings ?? (parent ? parent.#hasBindings : false);
    this.#hasStrictLiterals = hasStrictLiterals ?? (parent ? parent.#hasStrictLiterals : false);
    this.#meter = parent ? parent.#meter : new Meter();
    this.#environment = parent ? parent.#environment.clone() : language(this.#meter);
    for (const { name, ctor, fields } of types) {
      this.#environment.registerType(name, { ctor: ctor ?? class {}, ...(fields && { fields }) });
      // What is of no scalar type may be absent.
      this.#environment.registerOperator(`${name} == null`, () => false);
      this.#environment.registerOperator(`${name} == ${name}`, (left: unknown, right: unknown) => left === right);
    }
    for (const [name, { type, value }] of Object.entries(constants)) this.#environment.registerConstant(name, type, value);
    for (const [variable, type] of Object.entries(variables)) {
      if (typeof type === 'string') this.#environment.registerVariable(variable, type);
      else this.#environment.registerVariable(variable, { schema: type });
    }
    register(this.#environment, functions?.(this.#meter) ?? []);
  }

  /** @throws ExpressionError when it does not parse, or its types do not fit */
  compile(source: string): Expression {
    if (source.length > lengthMax) throw new ExpressionError(`is longer than ${lengthMax} characters`);
    const rewritten = rewriteLiterals(source);
    try {
      const parsed = this.#withStructs(rewritten?.structs).parse(rewritten?.text ?? source);
      const nodes = nodesOf(parsed.ast);
      if (!this.#hasBindings) refuseBindings(nodes);
      replaceCalls(nodes);
      widenPresenceTests(nodes);
      const { type, error } = parsed.check();
      if (error) throw error;
      checkConstants(nodes);
      checkLiterals(nodes, this.#hasStrictLiterals);
      checkComparisons(nodes);
      const all = nodesOf(parsed.ast);
      respectListSemantics(all);
      evaluateInOrder(all);
      countCosts(all, this.#meter);
      return new Expression({ source, type: resultType(parsed.ast, type ?? 'dyn'), parsed, nodes, meter: this.#meter });
    } catch (error) {
      const known = asExpressionError(error);
      const { fault } = known;
      if (!rewritten || fault?.position === undefined) throw known;
      throw new ExpressionError(known.message, { ...fault, position: rewritten.position(fault.position) });
    }
  }

  /** With the messages that an expression spells out, as far as there are such. */
  #withStructs(names: Iterable<string> = []): Environment {
    const known = Array.from(names, (name) => ({ name, fields: this.#structs?.(name) })).filter(({ fields }) => fields);
    if (known.length === 0) return this.#environment;
    const environment = this.#environment.clone();
    for (const { name, fields } of known) {
      environment.registerType(name, { ctor: structClass(name), ...(typeof fields === 'object' && { fields }) });
      environment.registerOperator(`${name} == null`, () => false);
      environment.registerOperator(`${name} == ${name}`, isSame);
    }
    return environment;
  }
}

function language(meter: Meter): Environment {
  // Of unlike literals we are the judge: what is unknown goes with everything.
  const environment = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false, limits });
  environment.registerType('Sets', Sets).registerConstant('sets', 'Sets', new Sets());
  environment.registerType('Strings', Strings).registerConstant('strings', 'Strings', new Strings());
  environment.registerType('Lists', Lists).registerConstant('lists', 'Lists', new Lists());
  environment.registerType('Formats', Formats).registerConstant('format', 'Formats', new Formats());
  environment.registerType('Ips', Ips).registerConstant('ip', 'Ips', new Ips());
  for (const { name, ctor } of [...kubernetesTypes, namedFormatType]) environment.registerType(name, { ctor });
  for (const [name, equal] of kubernetesEqualities) environment.registerOperator(`${name} == ${name}`, equal);
  // What is of no scalar type can be compared with null, and is not.
  const nullable = [...kubernetesTypes, namedFormatType].map(({ name }) => name);
  for (const name of ['google.protobuf.Timestamp', 'google.protobuf.Duration', 'optional', ...nullable])
    environment.registerOperator(`${name} == null`, () => false);
  register(environment, [...stringFunctions(meter), ...listFunctions(meter), ...formatFunctions(meter), ...timeFunctions]);
  environment.registerOperator(...optionalEquality);
  register(environment, [
    ...optionalFunctions,
    ...kubernetesFunctions(meter),
    ...namedFormatFunctions(meter),
    ...listTransformations(meter),
  ]);
  for (const [signature, macro] of [...optionalMacros, ...twoVariableMacros, ...literalMacros])
    environment.registerFunction(signature, macro, { async: false });
  return environment;
}

function register(environment: Environment, functions: CelFunction[]): void {
  for (const [signature, handler] of functions) environment.registerFunction(signature, handler, { async: false });
}

interface Compiled {
  source: string;
  type: string;
  parsed: ParseResult;
  nodes: TreeNode[];
  meter: Meter;
}

export class Expression {
  readonly source: string;
  /** CEL's name of what it evaluates to, as far as that is known: `bool`, `list<string>`, `dyn`. */
  readonly type: string;
  readonly #compiled: Compiled;

  constructor(compiled: Compiled) {
    this.source = compiled.source;
    this.type = compiled.type;
    this.#compiled = compiled;
  }

  /** Whether it looks at this field of a variable; without a field, at the variable. */
  uses(variable: string, field?: string): boolean {
    const paths = pathsFrom(this.#compiled.nodes, variable);
    return field === undefined ? paths.length > 0 : paths.some(([first]) => first === field);
  }

  /** Whether Kubernetes does not know its type either, where that is `dyn`, as of `object.spec.paused`. */
  get isOpen(): boolean {
    return isOpen(this.#compiled.parsed.ast);
  }

  /** Fields of a variable that it looks at, as far as they are written out: `[['spec'], ['spec', 'replicas']]`. */
  paths(variable: string): string[][] {
    return pathsFrom(this.#compiled.nodes, variable);
  }

  /** Members of a variable that it looks at; undefined where it looks at all of it. */
  members(variable: string): Set<string> | undefined {
    return membersOf(this.#compiled.nodes, variable);
  }

  /** @param values of the variables, as `celValue` makes them. @throws ExpressionError when there is none, or it takes too much */
  evaluate(values: Record<string, unknown>, budget: Budget): unknown {
    const { parsed, meter } = this.#compiled;
    try {
      const result: unknown = meter.run(budget, () => parsed(values));
      if (result instanceof Promise) throw new ExpressionError('the expression has no value at once');
      return result;
    } catch (error) {
      throw asExpressionError(error);
    }
  }
}

/** The library's errors show the source in further lines. */
function asExpressionError(error: unknown): ExpressionError {
  if (error instanceof ExpressionError) return error;
  const message = readable((error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '');
  if (error instanceof ParseError || error instanceof TypesError) {
    return new ExpressionError(message, { isSyntax: error instanceof ParseError, position: faultPosition(error.node) });
  }
  return new ExpressionError(message);
}
