// The expressions of an AuthenticationConfiguration: which variables they see, what they may come to, and what that means.
// Source: kubernetes.io/docs, "Authenticating", and its reference of AuthenticationConfiguration.
import type { Budget } from '../../cel/budget.ts';
import { type Expression, ExpressionEnvironment } from '../../cel/environment.ts';
import { ExpressionError } from '../../cel/expression-error.ts';
import { celValue } from '../../cel/values.ts';
import type { User } from '../../core/types.ts';

const claimsEnvironment = new ExpressionEnvironment({ claims: 'map<string, dyn>' });
const userEnvironment = new ExpressionEnvironment({
  user: { username: 'string', uid: 'string', groups: 'list<string>', extra: 'map<string, list<string>>' },
});

interface Wanted {
  /** In words. */
  name: string;
  /** CEL's types that are it, or may turn out to be. */
  types: string[];
}

const text: Wanted = { name: 'a string', types: ['string', 'dyn'] };
const texts: Wanted = {
  name: 'a string or a list of strings',
  types: [...text.types, 'list<string>', 'list<dyn>', 'list', 'list<T>', 'null'],
};
/** As in Kubernetes, what merely may be true is no rule. */
const truth: Wanted = { name: 'true or false for certain', types: ['bool'] };

function compiled(environment: ExpressionEnvironment, source: string, { name, types }: Wanted): Expression {
  const expression = environment.compile(source);
  if (types.includes(expression.type)) return expression;
  throw new ExpressionError(`it must evaluate to ${name}, and evaluates to ${expression.type}`);
}

/** Over `claims`, to one text. @throws ExpressionError when it cannot be that */
export const compileText = (source: string) => compiled(claimsEnvironment, source, text);

/** Over `claims`, to one text, a list of them, or null. @throws ExpressionError */
export const compileTexts = (source: string) => compiled(claimsEnvironment, source, texts);

/** Over `claims`, to true or false. @throws ExpressionError */
export const compileClaimRule = (source: string) => compiled(claimsEnvironment, source, truth);

/** Over `user`, to true or false. @throws ExpressionError */
export const compileUserRule = (source: string) => compiled(userEnvironment, source, truth);

/** What an expression sees, by variable. */
export type Values = Record<string, unknown>;

/** What `user` is. */
export function userValue({ name, uid = '', groups, extra = {} }: User): Values {
  return { user: { username: name, uid, groups, extra: celValue(extra) } };
}

/** @throws ExpressionError */
export function textOf(expression: Expression, values: Values, budget: Budget): string {
  const found = expression.evaluate(values, budget);
  if (typeof found !== 'string') throw new ExpressionError('the expression does not evaluate to a string');
  return found;
}

/** Empty ones are none. @throws ExpressionError */
export function textsOf(expression: Expression, values: Values, budget: Budget): string[] {
  const found = expression.evaluate(values, budget);
  const list = typeof found === 'string' ? [found] : (found ?? []);
  if (!Array.isArray(list) || !list.every((item) => typeof item === 'string')) {
    throw new ExpressionError('the expression does not evaluate to a string or a list of strings');
  }
  return list.filter((item) => item !== '');
}
