// Variables in a compose file's values: $NAME, ${NAME}, ${NAME:-default}, ${NAME:?error}, ${NAME:+other}, without the colon for those
// that are set though empty, each within another, and $$ for a dollar.
import { ComposeError } from '../compose-error.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

const depthMax = 20;

/** @param unset is called with names that are neither set nor have a default @throws ComposeError without a place */
export function interpolate(text: string, variables: Variables, unset: (name: string) => void, depth = 0): string {
  if (depth > depthMax) throw new ComposeError(`variables stand within each other more than ${depthMax} levels deep`);
  let result = '';
  let at = 0;
  while (at < text.length) {
    const dollar = text.indexOf('$', at);
    if (dollar < 0) return result + text.slice(at);
    result += text.slice(at, dollar);
    const rest = text.slice(dollar + 1);
    const plain = /^[A-Za-z_][A-Za-z0-9_]*/.exec(rest)?.[0];
    if (rest.startsWith('$')) {
      result += '$';
      at = dollar + 2;
    } else if (plain !== undefined) {
      result += variableOf(plain, variables, unset);
      at = dollar + 1 + plain.length;
    } else if (rest.startsWith('{')) {
      const end = closingBrace(text, dollar + 2);
      if (end < 0) throw new ComposeError(`${JSON.stringify(text)}: a "\${" has no "}"`);
      result += expand(text.slice(dollar + 2, end), variables, unset, depth);
      at = end + 1;
    } else throw new ComposeError(`${JSON.stringify(text)}: a "$" stands before no variable: write "$$" for a dollar`);
  }
  return result;
}

function variableOf(name: string, variables: Variables, unset: (name: string) => void): string {
  const value = variables[name];
  if (value === undefined) unset(name);
  return value ?? '';
}

function closingBrace(text: string, from: number): number {
  let open = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '$' && text[at + 1] === '$') at++;
    else if (text[at] === '$' && text[at + 1] === '{') {
      open++;
      at++;
    } else if (text[at] === '}') {
      open--;
      if (open === 0) return at;
    }
  }
  return -1;
}

function expand(inside: string, variables: Variables, unset: (name: string) => void, depth: number): string {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-?+])([\s\S]*))?$/.exec(inside);
  const [, name = '', operator, operand = ''] = match ?? [];
  if (!match)
    throw new ComposeError(`"\${${inside}}" is no variable: it is \${NAME}, \${NAME:-default}, \${NAME:?error} or \${NAME:+other}`);
  const value = variables[name];
  const isThere = value !== undefined && !(operator?.startsWith(':') && value === '');
  const inner = () => interpolate(operand, variables, unset, depth + 1);
  if (operator === undefined) return variableOf(name, variables, unset);
  if (operator.endsWith('-')) return isThere ? value : inner();
  if (operator.endsWith('+')) return isThere ? inner() : '';
  if (isThere) return value;
  throw new ComposeError(`the variable ${name} is needed: ${inner() || 'it is not set'}`);
}
