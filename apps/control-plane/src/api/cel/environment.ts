// CEL (Common Expression Language) as Kubernetes has it, over variables: expressions are compiled and their types checked
// once, and evaluating one can neither do anything nor take long. The language is @marcbachmann/cel-js's; what it lacks or does
// otherwise is ours: regular expressions, functions on strings and lists, and the count of what evaluating costs.
import { Environment, type ObjectSchema, type ParseResult } from '@marcbachmann/cel-js';
import { type Budget, Meter } from './budget.ts';
import { ExpressionError } from './expression-error.ts';
import { formatFunctions, Strings } from './format-function.ts';
import { readable } from './functions.ts';
import { listFunctions, Sets } from './list-functions.ts';
import { optionalMacros } from './optional-macros.ts';
import { stringFunctions } from './string-functions.ts';
import { checkConstants, checkLiterals, countCosts, nodesOf, pathsFrom, replaceCalls, type TreeNode } from './syntax-tree.ts';
import { timeFunctions } from './time-functions.ts';

/** Characters. An expression that says more is a program. */
const lengthMax = 10_000;
const limits = { maxAstNodes: 10_000, maxDepth: 100, maxListElements: 1_000, maxMapEntries: 1_000, maxCallArguments: 32 };

export class ExpressionEnvironment {
  readonly #environment: Environment;
  readonly #meter = new Meter();

  /** @param variables by name: types such as `map<string, dyn>`, or the types of an object's fields */
  constructor(variables: Record<string, string | ObjectSchema>) {
    // Of unlike literals we are the judge: what is unknown goes with everything.
    this.#environment = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false, limits });
    for (const [variable, type] of Object.entries(variables)) {
      if (typeof type === 'string') this.#environment.registerVariable(variable, type);
      else this.#environment.registerVariable(variable, { schema: type });
    }
    this.#environment.registerType('Sets', Sets).registerConstant('sets', 'Sets', new Sets());
    this.#environment.registerType('Strings', Strings).registerConstant('strings', 'Strings', new Strings());
    const functions = [...stringFunctions(this.#meter), ...listFunctions(this.#meter), ...formatFunctions(this.#meter), ...timeFunctions];
    for (const [signature, handler] of functions) this.#environment.registerFunction(signature, handler, { async: false });
    for (const [signature, macro] of optionalMacros) this.#environment.registerFunction(signature, macro, { async: false });
  }

  /** @throws ExpressionError when it does not parse, or its types do not fit */
  compile(source: string): Expression {
    if (source.length > lengthMax) throw new ExpressionError(`is longer than ${lengthMax} characters`);
    try {
      const parsed = this.#environment.parse(source);
      const nodes = nodesOf(parsed.ast);
      replaceCalls(nodes);
      const { type, error } = parsed.check();
      if (error) throw error;
      checkConstants(nodes);
      checkLiterals(nodes);
      countCosts(nodesOf(parsed.ast), this.#meter);
      return new Expression({ source, type: type ?? 'dyn', parsed, nodes, meter: this.#meter });
    } catch (error) {
      throw asExpressionError(error);
    }
  }
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

  /** Fields of a variable that it looks at, as far as they are written out: `[['spec'], ['spec', 'replicas']]`. */
  paths(variable: string): string[][] {
    return pathsFrom(this.#compiled.nodes, variable);
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
  const message = error instanceof Error ? error.message : String(error);
  return new ExpressionError(readable(message.split('\n', 1)[0] ?? ''));
}
