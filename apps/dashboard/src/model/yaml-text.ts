// An object as YAML and back, and where in the text a field stands: what the server says of a field is then told with its line.
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, stringify } from 'yaml';
import type { KubernetesObject } from './kubernetes-object.ts';

export interface Located {
  /** From 1 on; undefined where it is not known. */
  line: number | undefined;
  message: string;
}

/** As kubectl shows it: without managed fields, and the kind first, which items of lists lack. */
export function yamlOf(object: KubernetesObject, apiVersion: string, kind: string): string {
  const { managedFields: _managed, ...metadata } = object.metadata as KubernetesObject['metadata'] & { managedFields?: unknown };
  const { apiVersion: _version, kind: _kind, metadata: _metadata, ...rest } = object as KubernetesObject & Record<string, unknown>;
  return stringify({ apiVersion, kind, metadata, ...rest }, { lineWidth: 0, aliasDuplicateObjects: false });
}

export type Parsed = { object: KubernetesObject } | { mistakes: Located[] };

export function parseYaml(text: string): Parsed {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, uniqueKeys: true });
  if (document.errors.length > 0) {
    const mistakes = document.errors.map(({ message, pos }) => ({ line: counter.linePos(pos[0]).line, message }));
    return { mistakes };
  }
  const object: unknown = document.toJS({ maxAliasCount: 100 });
  const isObject = object !== null && typeof object === 'object' && 'metadata' in object;
  if (!isObject) return { mistakes: [{ line: 1, message: 'this is no object: metadata is missing' }] };
  return { object: object as KubernetesObject };
}

/** What the API says of a body, with the lines that it is about. @param causes of its Status, if it gives any */
export function locate(text: string, message: string, causes: { field?: string; message?: string }[]): Located[] {
  const named = causes.filter(({ field }) => field);
  if (named.length > 0) {
    return named.map(({ field = '', message: why = '' }) => ({ line: lineOf(text, field), message: `${field}: ${why}` }));
  }
  const strict = [...message.matchAll(/(?:unknown|duplicate) field "([^"]+)"/g)].map(([words, field = '']) => ({
    line: lineOf(text, field),
    message: words,
  }));
  if (strict.length > 0) return strict;
  return [{ line: lineOf(text, wrongType(message) ?? ''), message }];
}

/** The field of Go's sentence about a value of a wrong type: `… Go struct field DeploymentSpec.spec.replicas of type int32`. */
function wrongType(message: string): string | undefined {
  return /Go struct field \w+\.([\w.]+) of type/.exec(message)?.[1];
}

/** The line of a field such as `spec.containers[0].image`, or of the innermost part of it that is there; undefined for nothing of it. */
export function lineOf(text: string, path: string): number | undefined {
  const counter = new LineCounter();
  let node: unknown = parseDocument(text, { lineCounter: counter, prettyErrors: false }).contents;
  let offset: number | undefined;
  for (const step of stepsOf(path)) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step);
      if (!pair) break;
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(step)] ?? node.items.find((found) => isMap(found) && found.get('name') === step);
      if (!isNode(item)) break;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else break;
  }
  return offset === undefined ? undefined : counter.linePos(offset).line;
}

/** `spec.containers[0].image` and `metadata.labels[a.b/c]` alike. */
function stepsOf(path: string): string[] {
  return [...path.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map(([, inBrackets, plain = '']) =>
    inBrackets === undefined ? plain : inBrackets.replace(/^"(.*)"$/, '$1'),
  );
}
