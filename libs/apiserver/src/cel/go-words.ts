// What is wrong with an expression as cel-go says it, which clients of Kubernetes look for.
import type { ExpressionError } from './expression-error.ts';

/** `ERROR: <input>:1:8: undefined field 'x'`, and the line that it is about. */
export function compilationError(source: string, error: ExpressionError): string {
  const { position = 0 } = error.fault ?? {};
  const before = source.slice(0, position).split('\n');
  const column = Array.from(before.at(-1) ?? '').length;
  const line = source.split('\n')[before.length - 1] ?? '';
  return `ERROR: <input>:${before.length}:${column + 1}: ${compilationWords(error)}\n | ${line}\n | ${'.'.repeat(column)}^`;
}

/** A type as cel-go writes it. */
export function typeName(type: string): string {
  return type
    .replaceAll(/\b(list|map|optional)</g, (_, name: string) => `${name === 'optional' ? 'optional_type' : name}(`)
    .replaceAll('>', ')')
    .replaceAll(/\bgoogle\.protobuf\.(Timestamp|Duration)\b/g, (_, name: string) => name.toLowerCase())
    .replaceAll(/\bnull\b/g, 'null_type');
}

/** Why there is no value. */
export function evaluationWords({ message }: ExpressionError): string {
  return message
    .replace(/^No such key: index out of bounds, index (\d+) >= size \d+$/, 'index out of bounds: $1')
    .replace(/^No such key: /, 'no such key: ')
    .replace(/^modulo by zero$/, 'modulus by zero')
    .replace(/^no such overload: .*$/s, 'no such overload')
    .replace(/^found no matching overload for .*$/s, 'no such overload')
    .replace(/^Variable '.*$/s, 'no such overload')
    .replace(/^the expression takes too much: .*$/s, 'operation cancelled: actual cost limit exceeded');
}

function compilationWords({ message, fault }: ExpressionError): string {
  if (fault?.isSyntax) return `Syntax error: ${message}`;
  const [, unknown] = /^Unknown variable: (.*)$/s.exec(message) ?? [];
  if (unknown !== undefined) return `undeclared reference to '${unknown}' (in container '')`;
  const [, field] = /^No such key: (.*)$/s.exec(message) ?? [];
  if (field !== undefined) return `undefined field '${field}'`;
  const [, indexed] = /^Cannot index type '(.*)'$/s.exec(message) ?? [];
  if (indexed !== undefined) return `type '${typeName(indexed)}' does not support field selection`;
  return overloadWords(message) ?? message;
}

/** What functions of libraries are called on here, and their prefixes in CEL. */
const libraries: Record<string, string> = {
  ...{ Sets: 'sets', Strings: 'strings', Lists: 'lists', OptionalNamespace: 'optional', JsonPatches: 'jsonpatch' },
};

function overloadWords(message: string): string | undefined {
  const [, one, other] = /^Ternary branches must have the same type, got '(.+)' and '(.+)'$/s.exec(message) ?? [];
  if (one && other) return noOverload('_?_:_', `(bool, ${typeName(one)}, ${typeName(other)})`);
  const [, left, operator, right] = /^no such overload: (.+?) (==|!=|<=?|>=?|in|[-+*/%]) (.+)$/s.exec(message) ?? [];
  if (left && operator && right) return noOverload(operator === 'in' ? '@in' : `_${operator}_`, `(${typeName(left)}, ${typeName(right)})`);
  const [, unary, operand] = /^no such overload: ([!-])(.+)$/s.exec(message) ?? [];
  if (unary && operand) return noOverload(`${unary}_`, `(${typeName(operand)})`);
  const [, receiver, name, given] = /^found no matching overload for '(?:(.*)\.)?(\w+)\((.*)\)'$/s.exec(message) ?? [];
  if (name === undefined) return undefined;
  const library = libraries[receiver ?? ''];
  if (library) return noOverload(`${library}.${name}`, `(${typeName(given ?? '')})`);
  return noOverload(name, `${receiver ? `${typeName(receiver)}.` : ''}(${typeName(given ?? '')})`);
}

function noOverload(name: string, given: string): string {
  return `found no matching overload for '${name}' applied to '${given.replaceAll(/\bnull_type\b/g, 'null')}'`;
}
