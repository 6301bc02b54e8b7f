// What expressions of admission are compiled in, twice: with the types of `request`, `namespaceObject` and `variables`, which say
// whether an expression makes sense, and without them for what is evaluated, as values may be absent whatever their types are.
import type { Budget } from '../../../cel/budget.ts';
import { type Expression, ExpressionEnvironment, type ExpressionType, type Extension, type Variables } from '../../../cel/environment.ts';
import { ExpressionError } from '../../../cel/expression-error.ts';
import { compilationError, evaluationWords, typeName } from '../../../cel/go-words.ts';
import { authorization } from './authorizer-values.ts';
import { LazyVariables } from './lazy-variables.ts';
import { patchTypes } from './patch-types.ts';
import { requestTypes } from './request-types.ts';

/** Units of cost that one expression may take (Kubernetes' PerCallLimit). */
export const expressionUnits = 1_000_000;

const authorizerType = 'kubernetes.authorization.Authorizer';
const variablesType = 'kubernetes.variables';

export interface Declarations {
  hasParams: boolean;
  hasAuthorizer: boolean;
  /** Whether objects and operations of a JSON patch can be spelled out, as where mutations are made. */
  hasPatchTypes?: boolean;
}

/** What `object`, `oldObject` and `params` are known to be; without, nothing. */
export interface KnownTypes {
  types: ExpressionType[];
  object: string;
  params?: string | undefined;
}

let shared: { typed: ExpressionEnvironment; untyped: ExpressionEnvironment } | undefined;

/** Made when somebody configures something: no start of a server waits for it. */
function bases() {
  shared ??= {
    typed: new ExpressionEnvironment(
      {},
      { ...authorization, types: [...(authorization.types ?? []), ...requestTypes], hasStrictLiterals: true },
    ),
    untyped: new ExpressionEnvironment(
      {},
      { ...authorization, types: [...(authorization.types ?? []), { name: variablesType, ctor: LazyVariables }] },
    ),
  };
  return shared;
}

export class AdmissionEnvironment {
  readonly #declarations: Declarations;
  readonly #known: KnownTypes | undefined;
  readonly #variables: ReadonlyMap<string, string>;
  readonly #plain: Environments;
  #composed: Environments | undefined;

  constructor(declarations: Declarations, known?: KnownTypes, variables: ReadonlyMap<string, string> = new Map(), plain?: Environments) {
    this.#declarations = declarations;
    this.#known = known;
    this.#variables = variables;
    this.#plain = plain ?? new Environments(declarations, known);
  }

  /** The same for expressions that may use one more of `variables`. @param type CEL's name of it */
  withVariable(name: string, type: string): AdmissionEnvironment {
    return new AdmissionEnvironment(this.#declarations, this.#known, new Map([...this.#variables, [name, type]]), this.#plain);
  }

  /** The same, where what is to be changed can be spelled out. */
  withPatchTypes(): AdmissionEnvironment {
    return new AdmissionEnvironment({ ...this.#declarations, hasPatchTypes: true }, this.#known, this.#variables);
  }

  /** The same without `authorizer`. */
  withoutAuthorizer(): AdmissionEnvironment {
    return new AdmissionEnvironment({ ...this.#declarations, hasAuthorizer: false }, this.#known, this.#variables);
  }

  /**
   * @param returns CEL's names of the types that are wanted; any, if none is named
   * @throws ExpressionError whose message is what Kubernetes says, `compilation failed: …` or `must evaluate to …`
   */
  compile(source: string, returns: readonly string[] = []): AdmissionExpression {
    try {
      const type = this.#check(source, returns);
      return new AdmissionExpression(this.#environments(source).untyped().compile(source), type);
    } catch (error) {
      if (!(error instanceof ExpressionError) || error instanceof WrongType) throw error;
      throw new ExpressionError(`compilation failed: ${compilationError(source, error)}`, error.fault);
    }
  }

  /** What an expression evaluates to, or what is wrong with it in Kubernetes' words. */
  check(source: string, returns: readonly string[] = []): { type: string } | { problem: string } {
    try {
      return { type: this.#check(source, returns) };
    } catch (error) {
      if (error instanceof WrongType) return { problem: error.message };
      if (error instanceof ExpressionError) return { problem: compilationError(source, error) };
      throw error;
    }
  }

  #check(source: string, returns: readonly string[]): string {
    const expression = this.#environments(source).typed().compile(source);
    requireType(expression, returns);
    return expression.type;
  }

  /** Most expressions use none of `variables`, and so share what they are compiled in. */
  #environments(source: string): Environments {
    if (!/\bvariables\b/.test(source) || this.#variables.size === 0) return this.#plain;
    this.#composed ??= new Environments(this.#declarations, this.#known, this.#variables);
    return this.#composed;
  }
}

/** Made when something is compiled. */
class Environments {
  readonly #declarations: Declarations;
  readonly #known: KnownTypes | undefined;
  readonly #variables: ReadonlyMap<string, string> | undefined;
  #typed: ExpressionEnvironment | undefined;
  #untyped: ExpressionEnvironment | undefined;

  constructor(declarations: Declarations, known: KnownTypes | undefined, variables?: ReadonlyMap<string, string>) {
    this.#declarations = declarations;
    this.#known = known;
    this.#variables = variables;
  }

  typed(): ExpressionEnvironment {
    const { object = 'dyn', params = 'dyn', types = [] } = this.#known ?? {};
    const own = this.#variables ? [{ name: variablesType, fields: Object.fromEntries(this.#variables) }] : [];
    const given = { object, oldObject: object, request: 'kubernetes.AdmissionRequest', namespaceObject: 'kubernetes.Namespace' };
    this.#typed ??= new ExpressionEnvironment(
      this.#declared(given, params),
      { ...this.#patchTypes(), types: [...this.#patchTypes().types, ...types, ...own] },
      bases().typed,
    );
    return this.#typed;
  }

  untyped(): ExpressionEnvironment {
    const given = { object: 'dyn', oldObject: 'dyn', request: 'dyn', namespaceObject: 'dyn' };
    this.#untyped ??= new ExpressionEnvironment(this.#declared(given, 'dyn'), this.#patchTypes(), bases().untyped);
    return this.#untyped;
  }

  #patchTypes(): Extension & { types: ExpressionType[] } {
    return this.#declarations.hasPatchTypes ? patchTypes : { types: [] };
  }

  #declared(given: Variables, params: string): Variables {
    const { hasParams, hasAuthorizer } = this.#declarations;
    return {
      ...given,
      ...(hasParams && { params }),
      ...(hasAuthorizer && { authorizer: authorizerType }),
      ...(this.#variables && { variables: variablesType }),
    };
  }
}

class WrongType extends ExpressionError {}

/** What the types leave open is looked at when it is evaluated, unless nobody knows them. */
function requireType(expression: Expression, returns: readonly string[]): void {
  const { type } = expression;
  if (returns.length === 0 || returns.includes(type) || (type === 'dyn' && !expression.isOpen)) return;
  const wanted = returns.map(typeName);
  const names = wanted.length === 1 ? wanted[0] : `one of [${wanted.join(' ')}]`;
  throw new WrongType(`must evaluate to ${names} but got ${typeName(type)}`);
}

export class AdmissionExpression {
  readonly type: string;
  readonly #expression: Expression;

  constructor(expression: Expression, type: string) {
    this.#expression = expression;
    this.type = type;
  }

  get source(): string {
    return this.#expression.source;
  }

  /** @param values may have getters, which are asked when the expression looks. @throws ExpressionError that says why there is none */
  evaluate(values: object, budget: Budget): unknown {
    try {
      return this.#expression.evaluate(values as Record<string, unknown>, budget);
    } catch (error) {
      if (error instanceof ExpressionError) throw new ExpressionError(evaluationWords(error));
      throw error;
    }
  }
}
