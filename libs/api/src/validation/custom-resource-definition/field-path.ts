// Paths to fields of a schema, `.spec.names['first']`, as rules and selectable fields name them.
import { propertyOf, type Schema } from './schema-shape.ts';

export interface FoundField {
  /** As errors show it: `spec.names[first]`. */
  path: string;
  root: string;
  schema: Schema;
}

const escapes = new Map([..."abfnrtv'\\"].map((letter, index) => [letter, "\u0007\b\f\n\r\t\v'\\"[index] ?? '']));

/** Where a path leads, or why it leads nowhere. */
export function findField(path: string, schema: Schema, allowsSubscripts = true): FoundField | { error: string } {
  const tokens = tokensOf(path);
  const steps: string[] = [];
  let at = schema;
  let text = '';
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (token !== '.' && token !== '[') return { error: `expected [ or . but got: ${token}` };
    if (token === '[' && !allowsSubscripts) return { error: 'array notation is not allowed' };
    const given = tokens[++i];
    if (given === undefined) return { error: 'unexpected end of JSON path' };
    const name = token === '.' ? { text: given } : unquoted(given);
    if ('error' in name) return name;
    const found = member(at, name.text);
    if (!found) return { error: 'does not refer to a valid field' };
    text += found.isNamed ? `${text && '.'}${name.text}` : `[${name.text}]`;
    steps.push(name.text);
    at = found.schema;
    if (token === '.') continue;
    const end = tokens[++i];
    if (end === undefined) return { error: 'unexpected end of JSON path' };
    if (end !== ']') return { error: `expected ] but got ${end}` };
  }
  return { path: text, root: steps[0] ?? '', schema: at };
}

function member(schema: Schema, name: string): { schema: Schema; isNamed: boolean } | undefined {
  if (schema.properties) {
    const property = propertyOf(schema, name);
    return property && { schema: property, isNamed: true };
  }
  const { additionalProperties } = schema;
  if (additionalProperties === undefined) return undefined;
  return { schema: typeof additionalProperties === 'object' ? additionalProperties : {}, isNamed: false };
}

/** Dots, brackets, quoted texts and what is between them. */
function tokensOf(path: string): string[] {
  return path.match(/'(?:[^'\\]|\\.)*'|[.[\]]|'.*$|[^.[\]]+/gs) ?? [];
}

function unquoted(token: string): { text: string } | { error: string } {
  if (token.length < 2 || !token.startsWith("'") || !token.endsWith("'"))
    return { error: `expected single quoted string but got ${token}` };
  const inner = token.slice(1, -1);
  const odd = [...inner.matchAll(/\\(.)/gs)].find(([, letter = '']) => !escapes.has(letter));
  if (odd) return { error: `invalid string literal: invalid escape char ${odd[0]}` };
  return { text: inner.replaceAll(/\\(.)/gs, (_, letter: string) => escapes.get(letter) ?? '') };
}
