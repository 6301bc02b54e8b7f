// From text to a syntax tree whose types fit. What Prometheus has and this has not is refused by its name and place.
import { aggregations, functionTypes, unsupported } from './function-types.ts';
import { fits } from './matchers.ts';
import type { PromqlError } from './promql-error.ts';
import type { Aggregation, Expression, Matcher, Matching, Selector } from './syntax.ts';
import { TokenReader } from './token-reader.ts';
import { checkAggregation, checkBinary, checkCall, comparisons, requireType, typeOf } from './types.ts';

/** Deeper ones are nobody's, and evaluation goes as deep. */
const depthMax = 100;

const precedences: Record<string, number> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '<': 3,
  '<=': 3,
  '>': 3,
  '>=': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  '^': 7,
};
/** Between multiplication and power, as -1 ^ 2 is -1. */
const ofSign = 6;
const matcherOperators = ['=', '!=', '=~', '!~'] as const;

/** @throws PromqlError */
export function parse(text: string): Expression {
  const parser = new Parser(text);
  return parser.whole();
}

/** The parameter `match[]` of requests for series. @throws PromqlError */
export function parseSelector(text: string): Matcher[] {
  const expression = parse(text);
  if (expression.kind === 'selector' && expression.offsetMs === 0) return expression.matchers;
  throw new TokenReader(text).complain(0, 'expected a selector of series, such as up{job="kubelet"}');
}

class Parser {
  readonly #tokens: TokenReader;
  #depth = 0;

  constructor(text: string) {
    this.#tokens = new TokenReader(text);
  }

  whole(): Expression {
    if (this.#isAtEnd()) throw this.#complain(0, 'no expression found in input');
    const expression = this.#binary(0);
    if (!this.#isAtEnd()) throw this.#tokens.unexpected('expression');
    return expression;
  }

  #isAtEnd(): boolean {
    return this.#tokens.peek.kind === 'end';
  }

  #complain = (position: number, message: string): PromqlError => this.#tokens.complain(position, message);

  #binary(least: number): Expression {
    if (++this.#depth > depthMax) throw this.#complain(this.#tokens.peek.position, `expressions are at most ${depthMax} levels deep`);
    let left = this.#signed();
    for (;;) {
      const { kind, text, position } = this.#tokens.peek;
      const operator = kind === 'name' ? text.toLowerCase() : text;
      const precedence = kind === 'name' || kind === 'sign' ? precedences[operator] : undefined;
      if (operator === 'atan2' && kind === 'name') throw this.#refused(position, 'operator', 'atan2');
      if (precedence === undefined || precedence < least) break;
      this.#tokens.take();
      const { bool, matching } = this.#modifiers(operator);
      const right = this.#binary(operator === '^' ? precedence : precedence + 1);
      const binary = { kind: 'binary' as const, position, operator, bool, matching, left, right };
      checkBinary(binary, this.#complain);
      left = { ...binary, position: left.position };
    }
    this.#depth--;
    return left;
  }

  #modifiers(operator: string): { bool: boolean; matching: Matching } {
    const matching: Matching = { on: false, labels: [], many: undefined, include: [] };
    const bool = this.#tokens.acceptWord('bool');
    if (bool && !comparisons.has(operator))
      throw this.#complain(this.#tokens.peek.position, 'bool modifier can only be used on comparison operators');
    if (this.#tokens.isWord('on', 'ignoring')) {
      matching.on = this.#tokens.take().text.toLowerCase() === 'on';
      matching.labels = this.#tokens.names('vector matching');
      if (this.#tokens.isWord('group_left', 'group_right')) {
        matching.many = this.#tokens.take().text.toLowerCase() === 'group_left' ? 'left' : 'right';
        if (this.#tokens.isSign('(')) matching.include = this.#tokens.names('vector matching');
      }
    }
    return { bool, matching };
  }

  #signed(): Expression {
    const { position } = this.#tokens.peek;
    if (this.#tokens.accept('+')) return this.#binary(ofSign);
    if (!this.#tokens.accept('-')) return this.#withRange(this.#primary());
    const expression = this.#binary(ofSign);
    if (expression.kind === 'number') return { ...expression, position, value: -expression.value };
    const type = typeOf(expression);
    if (type !== 'scalar' && type !== 'vector')
      throw this.#complain(position, 'unary expression only allowed on scalar or instant vector types');
    return { kind: 'negation', position, expression };
  }

  #primary(): Expression {
    const { kind, text, position } = this.#tokens.peek;
    if (this.#tokens.accept('(')) {
      const expression = this.#binary(0);
      this.#tokens.expect(')', 'paren expression');
      return expression;
    }
    if (kind === 'sign' && text === '{') return this.#selector(undefined);
    if (kind === 'string') return { kind: 'string', position, value: this.#tokens.take().text };
    if (kind === 'number') return { kind: 'number', position, value: Number(this.#tokens.take().text) };
    if (kind !== 'name') throw this.#tokens.unexpected('expression');
    return this.#named(text, position);
  }

  #named(text: string, position: number): Expression {
    const following = this.#tokens.ahead(1);
    const isCalled = following.kind === 'sign' && following.text === '(';
    const lower = text.toLowerCase();
    const isGrouped = following.kind === 'name' && ['by', 'without'].includes(following.text.toLowerCase());
    if (aggregations.has(lower) && (isCalled || isGrouped)) return this.#aggregation(lower, position);
    if (unsupported.has(lower) && (isCalled || isGrouped)) throw this.#refused(position, 'function', lower);
    if (isCalled) return this.#call(text, position);
    if (lower === 'inf' || lower === 'nan') {
      this.#tokens.take();
      return { kind: 'number', position, value: lower === 'inf' ? Number.POSITIVE_INFINITY : Number.NaN };
    }
    return this.#selector(this.#tokens.take().text);
  }

  #refused(position: number, what: string, name: string): PromqlError {
    return this.#complain(position, `the ${what} "${name}" is not supported here`);
  }

  #call(name: string, position: number): Expression {
    if (!functionTypes.has(name)) throw this.#complain(position, `unknown function with name "${name}"`);
    this.#tokens.take();
    const call = { kind: 'call' as const, position, name, args: this.#arguments(`call to function "${name}"`) };
    checkCall(call, this.#complain);
    return call;
  }

  #arguments(where: string): Expression[] {
    const args: Expression[] = [];
    this.#tokens.expect('(', where);
    while (!this.#tokens.accept(')')) {
      args.push(this.#binary(0));
      if (!this.#tokens.isSign(')')) this.#tokens.expect(',', where);
    }
    return args;
  }

  #aggregation(operator: string, position: number): Expression {
    this.#tokens.take();
    let grouping = this.#grouping();
    const args = this.#arguments('aggregation');
    grouping ??= this.#grouping();
    const expected = aggregations.get(operator) ? 2 : 1;
    const expression = args.at(-1);
    if (!expression || args.length !== expected) {
      const message = `wrong number of arguments for aggregate expression provided, expected ${expected}, got ${args.length}`;
      throw this.#complain(position, message);
    }
    const parameter = expected === 2 ? args[0] : undefined;
    const found: Aggregation = {
      kind: 'aggregation',
      position,
      operator,
      grouping: grouping ?? { without: false, labels: [] },
      parameter,
      expression,
    };
    checkAggregation(found, this.#complain);
    return found;
  }

  #grouping(): Aggregation['grouping'] | undefined {
    if (!this.#tokens.isWord('by', 'without')) return undefined;
    const without = this.#tokens.take().text.toLowerCase() === 'without';
    return { without, labels: this.#tokens.names('grouping opts') };
  }

  #selector(name: string | undefined): Selector {
    const { position } = this.#tokens.peek;
    const matchers: Matcher[] = name === undefined ? [] : [{ label: '__name__', operator: '=', value: name }];
    const start = name === undefined ? position : position - name.length;
    if (this.#tokens.accept('{')) {
      while (!this.#tokens.accept('}')) {
        matchers.push(this.#matcher());
        if (!this.#tokens.isSign('}')) this.#tokens.expect(',', 'label matching');
      }
    }
    if (matchers.every((matcher) => fits(matcher, ''))) {
      throw this.#complain(start, 'vector selector must contain at least one non-empty matcher');
    }
    return { kind: 'selector', position: start, matchers, offsetMs: 0 };
  }

  #matcher(): Matcher {
    // A quoted name alone is the metric's.
    if (this.#tokens.peek.kind === 'string') return { label: '__name__', operator: '=', value: this.#tokens.take().text };
    const label = this.#tokens.expectKind('name', 'label matching');
    const operator = matcherOperators.find((known) => this.#tokens.isSign(known));
    if (!operator) throw this.#tokens.unexpected('label matching, expected label matching operator');
    this.#tokens.take();
    const { position } = this.#tokens.peek;
    const matcher = { label, operator, value: this.#tokens.expectKind('string', 'label matching') };
    try {
      fits(matcher, '');
    } catch (error) {
      throw this.#complain(position, `error parsing regexp: ${(error as Error).message}`);
    }
    return matcher;
  }

  /** `[5m]`, `[1h:5m]`, `offset 5m` and what may not follow. */
  #withRange(primary: Expression): Expression {
    let expression = primary;
    for (;;) {
      const { position } = this.#tokens.peek;
      if (this.#tokens.isSign('@')) throw this.#refused(position, 'modifier', '@');
      if (this.#tokens.accept('[')) expression = this.#range(expression, position);
      else if (this.#tokens.acceptWord('offset')) expression = this.#offset(expression, position);
      else return expression;
    }
  }

  #range(expression: Expression, position: number): Expression {
    const rangeMs = this.#tokens.expectDuration('subquery or range');
    if (rangeMs <= 0) throw this.#complain(position, 'duration must be greater than 0');
    if (!this.#tokens.accept(':')) {
      this.#tokens.expect(']', 'matrix selector');
      if (expression.kind !== 'selector') throw this.#complain(position, 'ranges only allowed for vector selectors');
      if (expression.offsetMs !== 0) throw this.#complain(position, 'no offset modifiers allowed before range');
      return { kind: 'range', position: expression.position, selector: expression, rangeMs };
    }
    const stepMs = this.#tokens.isSign(']') ? undefined : this.#tokens.expectDuration('subquery selector');
    if (stepMs === 0) throw this.#complain(position, 'duration must be greater than 0');
    this.#tokens.expect(']', 'subquery selector');
    requireType(expression, typeOf(expression) === 'scalar' ? 'scalar' : 'vector', 'subquery', this.#complain);
    return { kind: 'subquery', position: expression.position, expression, rangeMs, stepMs, offsetMs: 0 };
  }

  #offset(expression: Expression, position: number): Expression {
    const isNegative = this.#tokens.accept('-');
    const offsetMs = this.#tokens.expectDuration('offset') * (isNegative ? -1 : 1);
    if (expression.kind === 'range') return { ...expression, selector: { ...expression.selector, offsetMs } };
    if (expression.kind === 'selector' || expression.kind === 'subquery') return { ...expression, offsetMs };
    throw this.#complain(position, 'offset modifier must be preceded by an instant vector selector or range vector selector or a subquery');
  }
}
